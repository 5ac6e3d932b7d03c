/** What workflow code may not do, and what its options must be. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundleWorkflowCode, DefaultLogger } from '@temporalio/worker';
import { describe, expect, inject, it } from 'vitest';
import { readFileSync } from 'node:fs';
import { moves } from '../../workflows/dintero-calls.ts';
import * as books from '../../workflows/books.ts';
import { accountOrderType, accountReadingType } from '../../workflows/account-orders.ts';
import { terminalOperationType } from '../../workflows/terminal-operations.ts';
import * as messages from '../../workflows/messages.ts';
import { receiptCopyType } from '../../workflows/receipts.ts';
import { keepSubscriptionType } from '../../workflows/subscription.ts';
import * as retailerEvents from '../../workflows/retailer-events.ts';
import * as refundMessages from '../../workflows/refund-messages.ts';
import * as workflows from '../../workflows/index.ts';
import { policy } from './builders.ts';

describe('the workflow bundle', () => {
  it('refuses a Node built-in, by name', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kvitt-bundle-'));
    const workflowsPath = join(folder, 'workflow.ts');
    await writeFile(workflowsPath, "import 'node:fs';\nexport async function charge() {}\n");
    try {
      const said: string[] = [];
      const logger = new DefaultLogger('ERROR', ({ message }) => said.push(message));
      await expect(bundleWorkflowCode({ workflowsPath, logger })).rejects.toThrow(/Webpack/);
      expect(said.join(' ')).toContain('node:fs');
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('carries no zod: it costs 600 KB of heap per cached charge', () => {
    expect(readFileSync(inject('workflowBundle'), 'utf8')).not.toContain('node_modules/zod/');
  });
});

describe('calls that move money', () => {
  it('are sent with one attempt', () => {
    const options = moves(policy().durations);
    expect(options.retry).toEqual({ maximumAttempts: 1 });
    expect(options.startToCloseTimeout).toBeGreaterThan(2 * policy().durations.httpTimeout);
  });

  it.each([
    'createSession',
    'paySession',
    'cancelSession',
    'captureTransaction',
    'voidTransaction',
  ])('all use these options: %s', (name) => {
    const source = readFileSync(
      new URL('../../workflows/dintero-calls.ts', import.meta.url),
      'utf8',
    );
    // Each proxy that such a call goes through spreads the options first.
    const call = source.search(new RegExp(`\\b(${name}: \\w+ \\} = |activity\\.${name}\\()`));
    expect(call).toBeGreaterThan(0);
    expect(source.slice(call - 200, call + 160)).toContain('...moves(durations)');
  });
});

describe('wire names', () => {
  it('equal the exported names', () => {
    const { transactionReported, prompted, cancel, keep, word, overview } = messages;
    const { refundPrompted, refundEnded } = refundMessages;
    const { somethingHappened, resend } = retailerEvents;
    const named = {
      transactionReported,
      prompted,
      cancel,
      keep,
      word,
      overview,
      somethingHappened,
      resend,
      refundPrompted,
      refundEnded,
    };
    expect(Object.values(named).map(({ name }) => name)).toEqual(Object.keys(named));
    const types = [
      books.dayReconciliationType,
      keepSubscriptionType,
      accountOrderType,
      accountReadingType,
      messages.killSwitchType,
      books.laterLookType,
      messages.moneyCaseType,
      messages.notifyRetailerType,
      receiptCopyType,
      messages.recoverChargeType,
      refundMessages.recoverRefundType,
      messages.recoveryOrderType,
      refundMessages.refundOptionsType,
      books.scheduledReconciliationType,
      messages.strayNewsType,
      messages.terminalChargeType,
      messages.terminalLeaseType,
      refundMessages.terminalRefundType,
      terminalOperationType,
    ];
    expect(Object.keys(workflows).toSorted()).toEqual(types.toSorted());
  });
});
