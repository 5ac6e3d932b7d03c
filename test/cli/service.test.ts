/** The command line on the real service. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { caseOf, type Stage, type Started } from '../../scripts/drill/stage.ts';
import { stories, type Story } from '../../scripts/drill/stories.ts';
import { saleOf, startHarness, type Harness } from '../harness.ts';
import { kvitt as run, startKvitt, type Ended } from './kvitt.ts';

const secrets = [`whsec_${Buffer.alloc(24, 7).toString('base64')}`];
const runbookUrl = 'https://kvitt.example/runbook';

let service: Harness;
beforeAll(async () => {
  // Nobody takes the notifications: they wait.
  const webhook = { url: 'http://127.0.0.1:9/', secrets, allowPrivate: true };
  service = await startHarness({ name: 'cli', deadlineSeconds: 3_000, webhook, runbookUrl });
});
afterAll(async () => {
  await service.stop();
});

async function kvitt(...args: string[]): Promise<Ended> {
  return await run(service.url, args, { KVITT_TOKEN: service.opsToken });
}

/** A charge that this has happened to, as in the drill. */
async function played(word: Story['word']): Promise<{ stage: Stage; started: Started }> {
  const { client, taskQueue, simulator, stopWorkers } = service;
  const stage = { till: service, client, taskQueue, simulator, runbookUrl, stopWorkers };
  const [started] = await Promise.all(
    stories.filter((story) => story.word === word).map(async ({ make }) => await make(stage)),
  );
  if (started === undefined) throw new Error(`There is no story of ${word}`);
  return { stage, started };
}

const placeholder = /<(charge|transaction)_id>|\{charge_id\}/;

/** A charge that waits for its card, and how it is listed. */
async function waiting(): Promise<{ chargeId: string; terminal: string; only: string[] }> {
  const sale = saleOf(service);
  const { body } = await service.post(sale);
  const only = ['--reference', sale.reference];
  return { chargeId: body.charge_id, terminal: sale.terminal_id, only };
}

describe('kvitt', () => {
  test('lists a charge, and watches it until it is captured', async () => {
    const { chargeId, terminal, only } = await waiting();
    const listed = async (): Promise<string> => (await kvitt('charges', ...only)).stdout;
    await expect
      .poll(listed, { timeout: 20_000 })
      .toMatch(new RegExp(`${chargeId} .*waiting_for_card .*NOK 129\\.00 .*${terminal}`));
    const watching = startKvitt(service.url, ['watch', chargeId]);
    await expect.poll(watching.stdout, { timeout: 20_000 }).toMatch(/waiting_for_card\n/);
    await service.simulator.press(terminal, 'tap');
    const { code, stdout } = await watching.ended;
    expect(code).toBe(0);
    expect(stdout).toMatch(/captured {2}NOK 129\.00\n$/);
  });

  test('ends a watch with 7 for a charge that was declined', async () => {
    const { chargeId, terminal } = await waiting();
    await service.simulator.press(terminal, 'decline');
    const { code, stdout } = await kvitt('watch', chargeId);
    expect(code).toBe(7);
    expect(stdout).toMatch(/not_charged \(declined\)\n$/);
  });

  test('finds a charge that is stuck, and its case', async () => {
    const { chargeId, terminal, only } = await waiting();
    expect(await kvitt('stuck', ...only)).toMatchObject({ code: 0 });
    expect(await kvitt('cases', ...only)).toMatchObject({ code: 0 });
    // The payment wins the race against the cancel.
    const match = { merchant_reference: chargeId };
    await service.simulator.fault({ endpoint: 'callback', match, times: 0, do: 'drop' });
    await service.simulator.terminal(terminal, { behaviour: { auto_capture_delay_ms: 0 } });
    const late = { kind: 'late', ms: 2_000 };
    await service.simulator.fault({ endpoint: 'cancel_session', match, do: late });
    const cancelled = service.call('POST', `/charges/${chargeId}/cancel`);
    // Dintero has been asked, and takes its time.
    const hit = { endpoint: 'cancel_session', kind: 'late', times: 1 };
    await expect.poll(service.simulator.faultsHit).toContainEqual(hit);
    await service.simulator.press(terminal, 'tap');
    await cancelled;
    await service.ending(chargeId);
    const cases = async (): Promise<Ended> => await kvitt('cases', ...only);
    await expect.poll(cases, { timeout: 20_000 }).toMatchObject({
      code: 6,
      stdout: expect.stringMatching(/captured_after_cancel +open .*NOK 129\.00/) as string,
    });
    const stuck = await kvitt('stuck', ...only);
    expect(stuck.code).toBe(6);
    expect(stuck.stdout).toMatch(new RegExp(`${chargeId} .*case_open .*ask_for_help`));
  });

  test('passes on what the service refuses', async () => {
    const wrong = await kvitt('charges', '--state', 'maybe');
    expect(wrong).toMatchObject({ code: 2, stdout: '' });
    expect(wrong.stderr).toMatch(/^ {2}state /m);
    expect(await kvitt('watch', 'S-unknown.1')).toMatchObject({ code: 4, stdout: '' });
    expect(await kvitt('watch', 'no-attempt')).toMatchObject({ code: 2, stdout: '' });
  });
});

describe('an operator', () => {
  test('finds a stuck charge, understands it and frees it', async () => {
    const { chargeId, terminalId } = (await played('checking_too_long')).started;
    const only = ['--reference', chargeId.replace(/\.1$/, '')];
    const list = async (): Promise<Ended> => await kvitt('stuck', ...only);
    const row = `${chargeId}  \\d+ s +checking_too_long +ticket +ask_for_help +${terminalId} +bergen-01 +NOK 129\\.00\n`;
    await expect.poll(list, { timeout: 20_000 }).toMatchObject({
      code: 6,
      stderr: '',
      stdout: expect.stringMatching(`^CHARGE +AGE +ATTENTION .*\n${row}`) as string,
    });

    const shown = await kvitt('show', chargeId);
    expect(shown).toMatchObject({ code: 0, stderr: '' });
    expect(shown.stdout).not.toMatch(placeholder);
    expect(shown.stdout).toMatch(
      new RegExp(`^${chargeId} \\| checking \\| for \\d+ s \\| NOK 129`),
    );
    const titles = shown.stdout.match(/(?<=\n\n)[A-Z].*$/gm);
    expect(titles).toEqual([
      'Timeline',
      'Waits for',
      'What you may do now',
      'Not now',
      'Guidance',
      'Runbook',
    ]);
    expect(shown.stdout).toMatch(new RegExp(`^ {2}20.*Z {2}till +asked for NOK 129\\.00`, 'm'));
    expect(shown.stdout).toMatch(/^ {2}20.*Z {2}kvitt +unclear: .*503/m);
    expect(shown.stdout).toContain(`\n  npx kvitt read ${chargeId}\n`);
    expect(shown.stdout).toMatch(/^ {2}capture, void: Dintero shows no reserved money/m);

    const refused = await kvitt('capture', chargeId, '--why', 'it is night');
    expect(refused).toMatchObject({ code: 3, stdout: '' });
    expect(refused.stderr).toMatch(/Refused: Dintero shows no reserved money/);

    expect(await kvitt('read', chargeId)).toMatchObject({ code: 0, stderr: '' });
    const { outcome } = await service.ending(chargeId);
    expect(outcome).toBe('not_charged');
    // The list may lag.
    const none = { code: 0, stdout: 'No charge needs attention.\n' };
    await expect.poll(list, { timeout: 20_000 }).toMatchObject(none);
    const after = (await kvitt('show', chargeId)).stdout;
    expect(after).toMatch(/^ {2}20.*Z {2}operator +operator: read/m);
    expect(after).toContain(`\n  npx kvitt recover ${chargeId} --why "<why>"\n`);
  });

  test('settles a case, once', async () => {
    const { stage, started } = await played('captured_after_cancel');
    const { chargeId } = started;
    const charge = await kvitt('show', chargeId);
    expect(charge.stdout).not.toMatch(placeholder);
    const id = await caseOf(stage, started);
    const settle = ['settle', id, '--as', 'kept', '--why'];
    expect(charge.stdout).toContain(`npx kvitt ${settle.join(' ')} "<why>"`);

    const open = await kvitt('show', id);
    expect(open).toMatchObject({ code: 0, stderr: '' });
    expect(open.stdout).not.toMatch(placeholder);
    expect(open.stdout).toMatch(
      new RegExp(`^${id} \\| captured_after_cancel \\| open for .*\ncharge ${chargeId} `),
    );
    expect(open.stdout).toMatch(/^ {2}20.*Z {2}kvitt +opened: captured_after_cancel$/m);
    expect(open.stdout).toMatch(/^Waits for\n {2}a person who settles it$/m);

    const settled = await kvitt(...settle, 'the goods are gone');
    expect(settled).toMatchObject({ code: 0, stderr: '' });
    expect(settled.stdout).toMatch(/ settled as kept by operator 20/);
    const again = await kvitt(...settle, 'twice');
    expect(again).toMatchObject({ code: 3, stdout: '' });
    expect(again.stderr).toMatch(/the case is settled as kept already/);
    expect((await kvitt('show', id)).stdout).toMatch(
      /^ {2}20.*Z {2}operator +operator: settled as kept, "the goods are gone"$/m,
    );
  });

  test('has a word explained, in every list that has it', async () => {
    const { code, stdout } = await kvitt('explain', 'session_lost');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^session_lost \| needs_attention \| severity [^]*\nPress\n/);
    expect(stdout).toMatch(/\n\nsession_lost \| reason\n/);
    expect(await kvitt('explain', 'gibberish')).toMatchObject({ code: 4, stdout: '' });
  });

  test('switches a store off and on', async () => {
    const store = ['store', `cli-${service.freshReference()}`];
    const off = await kvitt('off', ...store, '--text', 'Take cash.', '--why', 'fire drill');
    expect(off).toMatchObject({ code: 0, stderr: '' });
    const where = store.join(' ');
    const row = new RegExp(`^${where} +20.*Z {2}operator {2}fire drill {2}Take cash\\.$`, 'm');
    expect((await kvitt('switches')).stdout).toMatch(row);
    const refused = await service.post({ store_id: store[1] });
    expect(refused.status).toBe(503);

    expect(await kvitt('on', ...store, '--why', 'over')).toMatchObject({ code: 0, stderr: '' });
    const { code, stdout } = await kvitt('switches');
    expect(code).toBe(0);
    expect(stdout).not.toMatch(row);
    expect(stdout).toMatch(new RegExp(`^ {2}20.*Z {2}on ${where} +operator +over +-$`, 'm'));
  });

  test('sees the notifications that nobody takes, and has them sent again', async () => {
    const { chargeId, terminal } = await waiting();
    await service.simulator.press(terminal, 'decline');
    await service.ending(chargeId);
    const row = new RegExp(`^${chargeId} +1 +\\d+ s +charge\\.not_charged +.*ECONNREFUSED`, 'm');
    const list = async (): Promise<string> => (await kvitt('notifications')).stdout;
    await expect.poll(list, { timeout: 20_000 }).toMatch(row);
    expect(await kvitt('resend', chargeId)).toMatchObject({ code: 0, stderr: '' });
  });

  test('needs a personal token', async () => {
    const { chargeId } = await waiting();
    for (const env of [{ KVITT_TOKEN: '' }, {}]) {
      const read = await run(service.url, ['read', chargeId], env);
      expect(read).toMatchObject({ code: 3, stdout: '' });
    }
  });
});
