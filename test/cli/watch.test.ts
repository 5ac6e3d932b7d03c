import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import type { Charge } from '../../api/answers.ts';
import { charge, kvitt, problem, startStandIn, type StandIn } from './kvitt.ts';

let api: StandIn;
afterEach(async () => {
  await api.close();
});

const waiting = charge();
const approved = charge({ state: 'approved', updated_at: '2026-11-22T09:15:20.000Z' });
const captured = charge({
  state: 'captured',
  outcome: 'captured',
  captured_amount: 12_900,
  updated_at: '2026-11-22T09:15:21.000Z',
});
const declined = charge({ state: 'not_charged', outcome: 'not_charged', reason: 'declined' });

function open(res: ServerResponse): void {
  res.writeHead(200, { 'content-type': 'text/event-stream' });
  res.write('retry: 10\n\n');
}

function send(res: ServerResponse, change: Charge): void {
  const event = change.outcome === null ? 'state' : 'outcome';
  res.write(`id: 1\nevent: ${event}\ndata: ${JSON.stringify(change)}\n\n: still here\n\n`);
}

const call = 'GET /charges/S-1001.1/events';
const args = ['watch', 'S-1001.1'];

/** Each connection gets its own changes; the last one is followed by the end of the stream. */
async function streams(...connections: Charge[][]): Promise<string> {
  let count = 0;
  api = await startStandIn({
    [call]: (_asked, res) => {
      open(res);
      for (const change of connections[count] ?? []) send(res, change);
      count += 1;
      res.end();
    },
  });
  return api.url;
}

describe('kvitt watch', () => {
  test('prints a line per change, and ends with 0 when captured', async () => {
    const ended = await kvitt(await streams([waiting, approved, captured]), args);
    expect(ended).toEqual({
      code: 0,
      stderr: '',
      stdout: `2026-11-22 09:15:11Z  waiting_for_card
2026-11-22 09:15:20Z  approved
2026-11-22 09:15:21Z  captured  NOK 129.00
`,
    });
  });

  test('ends with 7 when not charged, and says why', async () => {
    const { code, stdout } = await kvitt(await streams([declined]), args);
    expect({ code, stdout }).toEqual({
      code: 7,
      stdout: '2026-11-22 09:15:11Z  not_charged (declined)\n',
    });
  });

  test('prints one document per line with --json', async () => {
    const { code, stdout } = await kvitt(await streams([waiting, captured]), [...args, '--json']);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([waiting, captured]);
  });

  test('goes on where a connection ended, and says no change twice', async () => {
    const url = await streams([waiting], [waiting, approved], [], [approved, captured]);
    const { code, stdout, stderr } = await kvitt(url, args);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout.match(/Z {2}[a-z_]+/g)).toEqual([
      'Z  waiting_for_card',
      'Z  approved',
      'Z  captured',
    ]);
    expect(api.asked).toHaveLength(4);
  });

  test('survives a service that is away for a while', async () => {
    let count = 0;
    api = await startStandIn({
      [call]: (_asked, res) => {
        count += 1;
        if (count === 2) return res.destroy();
        if (count === 3) return res.writeHead(503).end();
        open(res);
        send(res, count === 1 ? waiting : captured);
        // The first one breaks off in the middle of an event.
        return count === 1 ? void res.write('data: {"cha', () => res.destroy()) : res.end();
      },
    });
    const { code, stdout, stderr } = await kvitt(api.url, args);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(2);
    expect(stderr).toBe('The connection is lost; trying again.\n');
  });

  test('ends with 4 for a charge that is not known', async () => {
    api = await startStandIn({ [call]: { status: 404, body: problem('unknown_charge', 404) } });
    expect(await kvitt(api.url, args)).toMatchObject({ code: 4, stdout: '' });
  });

  test.each([
    ['no stream', { body: { hello: 'world' } }],
    [
      'another stream',
      (_asked: unknown, res: ServerResponse) => {
        open(res);
        res.end('event: state\ndata: 42\n\n');
      },
    ],
  ])('ends with 1 when it is answered with %s', async (_what, route) => {
    api = await startStandIn({ [call]: route });
    const ended = await kvitt(api.url, args);
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^The answer is not understood/);
  });
});
