/** The real binary: what only a process of its own shows. It runs in a folder that is not ours. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exitCodeWords } from '../../cli/exit-codes.ts';
import { charge, kvitt, problem, startKvitt, startStandIn, token, type StandIn } from './kvitt.ts';

const many = Array.from({ length: 2_000 }, (_, index) => charge({ charge_id: `S-${index}.1` }));

let api: StandIn;
beforeEach(async () => {
  api = await startStandIn({
    'GET /charges': { body: { charges: many, next_cursor: null } },
    'GET /ops/charges/S-1.1': { status: 401, body: problem('unauthorized', 401) },
    'GET /charges/S-1001.1/events': (_asked, res) => {
      res.writeHead(200, { 'content-type': 'text/event-stream' });
      res.write(`event: state\ndata: ${JSON.stringify(charge())}\n\n`);
    },
  });
});
afterEach(async () => {
  await api.close();
});

describe('the process', () => {
  test('prints what it prints in ours, also what a pipe cannot take at once', async () => {
    const args = ['charges', '--limit', '2000', '--json'];
    const ended = await startKvitt(api.url, args).ended;
    expect(ended).toEqual(await kvitt(api.url, args));
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    expect(api.asked[0]?.authorization).toBe(`Bearer ${token}`);
  });

  test('ends with the exit code of a failure, and shows no token', async () => {
    const { code, stdout, stderr } = await startKvitt(api.url, ['show', 'S-1.1']).ended;
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
    expect(stderr).toMatch(/Check KVITT_TOKEN/);
    expect(stderr).not.toContain(token);
  });

  test('prints its help, with the exit codes', async () => {
    const { code, stdout, stderr } = await startKvitt(api.url, ['--help']).ended;
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const [number, words] of Object.entries(exitCodeWords)) {
      expect(stdout).toContain(`  ${number}  ${words}\n`);
    }
  });

  test('ends quietly when nobody reads on', async () => {
    const running = startKvitt(api.url, ['charges', '--limit', '2000']);
    running.child.stdout?.destroy();
    expect(await running.ended).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  test('ends a watch at once and quietly on Ctrl-C', async () => {
    const running = startKvitt(api.url, ['watch', 'S-1001.1']);
    await expect.poll(running.stdout, { timeout: 20_000 }).toMatch(/waiting_for_card\n/);
    running.child.kill('SIGINT');
    const { stderr } = await running.ended;
    expect({ stderr, signal: running.child.signalCode }).toEqual({ stderr: '', signal: 'SIGINT' });
  });
});
