import { spawn, type ChildProcess } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  callsTo,
  connect,
  eventually,
  ledgerOf,
  newTerminal,
  paid,
  plant,
  press,
  prompt,
  sessionOf,
  startReceiver,
  transactionOf,
  type Dintero,
  type Json,
} from './harness.ts';

interface Process {
  dintero: Dintero;
  lines: Json[];
  kill: (signal?: NodeJS.Signals) => Promise<number | null>;
}

function launch(env: Record<string, string>): { child: ChildProcess; lines: Json[] } {
  const child = spawn(process.execPath, ['--import', 'tsx', 'simulator/main.ts'], {
    env: { ...process.env, SIMULATOR_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const lines: Json[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(JSON.parse(line) as Json);
  });
  return { child, lines };
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  return await new Promise((done) => child.once('exit', done));
}

async function start(data: string): Promise<Process> {
  const { child, lines } = launch({ SIMULATOR_DATA: data });
  await eventually(() => expect(lines).toMatchObject([{ msg: 'simulator ready' }]), 15_000);
  return {
    dintero: await connect(String(lines[0]?.['url'])),
    lines,
    kill: async (signal = 'SIGKILL') => {
      const exit = exitOf(child);
      child.kill(signal);
      return await exit;
    },
  };
}

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulator-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

describe('a killed simulator', { timeout: 60_000 }, () => {
  it('goes on where it was: money, ledger, calls, faults and the live prompt', async () => {
    const data = newFolder();
    const first = await start(data);
    const transaction = await paid(first.dintero);
    const live = await prompt(first.dintero);
    await plant(first.dintero, 'capture', 'reset_after');
    await first.dintero.control('PUT', '/behaviour', { cancel_again: 200 });
    const seen = await snapshot(first.dintero);
    await first.kill();

    const second = await start(data);
    expect(await snapshot(second.dintero)).toEqual(seen);
    expect(await transactionOf(second.dintero, transaction.session_id)).toEqual(transaction);
    expect((await press(second.dintero, live.terminal, 'tap')).status).toBe(200);
    expect(await transactionOf(second.dintero, live.id)).toMatchObject({ status: 'CAPTURED' });
    expect(await ledgerOf(second.dintero, live.reference)).toEqual([
      'session_created',
      'prompt_started',
      'prompt_ended:tapped',
      'authorised',
      'captured:dintero:auto-capture',
    ]);
  });

  it('does the work that was waiting: callbacks, captures, 202s, prompts that end', async () => {
    const data = newFolder();
    const { url, received } = await startReceiver((_received, res) => {
      res.writeHead(received.length === 1 ? 500 : 200).end();
    });
    const first = await start(data);
    const told = await paid(first.dintero, { callback: `${url}/` });
    await eventually(() => expect(received).toHaveLength(1));
    await first.dintero.control('PUT', '/behaviour', {
      auto_capture_delay_ms: 300,
      prompt_lifetime_ms: 300,
    });
    const captured = await paid(first.dintero);
    const voided = await paid(first.dintero, { autoCapture: false });
    await plant(first.dintero, 'void', { kind: 'accept_202', complete_after_ms: 300 });
    await first.dintero.call('POST', `/v1/transactions/${voided.id}/void`);
    const abandoned = await prompt(first.dintero);
    await first.kill();

    const { dintero } = await start(data);
    await eventually(async () => {
      expect(await transactionOf(dintero, captured.session_id)).toMatchObject({
        status: 'CAPTURED',
      });
      expect(await transactionOf(dintero, voided.session_id)).toMatchObject({
        status: 'AUTHORIZATION_VOIDED',
      });
      expect(await ledgerOf(dintero, abandoned.reference)).toContain('prompt_ended:timeout');
      expect((await sessionOf(dintero, told.session_id)).events.at(-1)?.name).toBe(
        'AUTH_CALLBACK_SENT',
      );
    });
    const names = received.map(({ headers }) => headers['event-delivery']);
    expect(new Set(names).size).toBe(1);
  });

  it('forgets a change whose line was torn, and keeps the rest', async () => {
    const data = newFolder();
    const first = await start(data);
    const transaction = await paid(first.dintero);
    await first.kill();
    appendFileSync(join(data, 'journal.jsonl'), '[["transaction","T90001234.x",{"id":"T9');
    const { dintero } = await start(data);
    expect(await transactionOf(dintero, transaction.session_id)).toEqual(transaction);
    expect((await dintero.call('GET', '/v1/transactions')).body).toHaveLength(1);
    await prompt(dintero, { terminal: newTerminal() });
    expect(await callsTo(dintero, 'create_session')).toHaveLength(2);
  });
});

async function snapshot({ control }: Dintero): Promise<unknown> {
  const paths = ['/ledger', '/terminals', '/deliveries', '/faults', '/behaviour'];
  const answers = await Promise.all(paths.map(async (path) => await control('GET', path)));
  return answers.map(({ body }) => body);
}

describe('the process', { timeout: 30_000 }, () => {
  it('stops cleanly when asked, also with a request hanging', async () => {
    const { dintero, kill } = await start(newFolder());
    await plant(dintero, 'list_transactions', 'hang_before');
    const hanging = dintero.call('GET', '/v1/transactions').catch(() => 'cut');
    await eventually(async () =>
      expect(await callsTo(dintero, 'list_transactions')).toHaveLength(1),
    );
    expect(await kill('SIGTERM')).toBe(0);
    expect(await hanging).toBe('cut');
  });

  it('names every wrong variable at once', async () => {
    const { child, lines } = launch({ SIMULATOR_PORT: 'x', SIMULATOR_PROMPT: 'y' });
    expect(await exitOf(child)).toBe(1);
    expect(lines).toHaveLength(1);
    const message = String(lines[0]?.['msg']);
    expect(message).toContain('SIMULATOR_PORT');
    expect(message).toContain('SIMULATOR_PROMPT');
  });

  it('names the port that is taken, and the variable that changes it', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await new Promise((done) => taken.once('listening', done));
    const { port } = taken.address() as AddressInfo;
    const { child, lines } = launch({ SIMULATOR_PORT: String(port) });
    expect(await exitOf(child)).toBe(1);
    expect(lines.map(({ msg }) => msg)).toEqual([
      `port ${port} is in use: stop what listens there, or set SIMULATOR_PORT`,
    ]);
  });
});
