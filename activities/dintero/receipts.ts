/** Receipts: what the terminal reports with an event, as strings of which any may be absent (dossier 8.6). */
import { z } from 'zod';
import { holdsCardNumber, maskCardNumbers } from '../../workflows/card-number.ts';
import type { ReceiptAsk, ReceiptFacts } from '../../workflows/receipts.ts';
import type { Dintero } from './charges.ts';
import { withoutCorrected } from './events.ts';

const text = z.string().nullish().catch(null);

/** The members of an event's metadata that a charge remembers. */
export const receiptKeys = {
  'seitatech:receiptNumber': text,
  'seitatech:uniqueId': text,
  'seitatech:posReferenceData': text,
  payout_correlation_id: text,
};
type ReceiptMetadata = Partial<Record<keyof typeof receiptKeys, string | null | undefined>>;

/** The receipt of the payment itself: the last authorisation that reports one. */
export function receiptIn(
  events: readonly { event: string; metadata?: ReceiptMetadata | null | undefined }[],
): ReceiptFacts | null {
  const reports = events.filter(({ event }) => event === 'AUTHORIZE').map(factsOf);
  return reports.findLast((facts) => Object.values(facts).some((value) => value !== null)) ?? null;
}

function factsOf({ metadata }: { metadata?: ReceiptMetadata | null | undefined }): ReceiptFacts {
  return {
    number: plain(metadata?.['seitatech:receiptNumber']),
    unique_id: plain(metadata?.['seitatech:uniqueId']),
    correlation_id:
      plain(metadata?.payout_correlation_id) ?? plain(metadata?.['seitatech:posReferenceData']),
  };
}

/** It is stored in a record of 1 KB, and shown. */
const plainMax = 40;

function plain(value: string | null | undefined): string | null {
  if (value === null || value === undefined || value === '' || holdsCardNumber(value)) return null;
  return value.slice(0, plainMax);
}

const printable = z
  .object({
    'seitatech:customerReceipt': text,
    'seitatech:customerReceiptPart2': text,
    'seitatech:merchantReceipt': text,
    'seitatech:merchantReceiptPart2': text,
  })
  .nullish()
  .catch(null);

const receiptAnswer = z.object({
  merchant_reference: z.string(),
  events: z
    .array(
      z.object({
        id: z.string().nullish(),
        event: z.string(),
        success: z.boolean().nullish(),
        event_reference: text,
        metadata: printable,
        correction: z.object({ event_ids: z.array(z.string()).nullish() }).nullish(),
      }),
    )
    .nullish(),
});
type ReceiptEvent = NonNullable<z.infer<typeof receiptAnswer>['events']>[number];

/** More than a terminal prints; it is stored in Temporal's history. */
const textMax = 8_000;

/** The text as Dintero gives it, the second part after the first; null: it gives none. A card number is masked. */
export async function readReceipt(
  { client }: Dintero,
  ask: ReceiptAsk & { timeoutMs: number },
): Promise<string | null> {
  const { merchant_reference, events } = await client.call({
    what: `read the receipt of ${ask.chargeId}`,
    kind: 'read',
    method: 'GET',
    path: `/transactions/${encodeURIComponent(ask.transactionId)}`,
    answer: receiptAnswer,
    timeoutMs: ask.timeoutMs,
  });
  if (merchant_reference !== ask.chargeId) return null;
  const standing = withoutCorrected(events ?? []).filter((event) => isOf(ask.of, event));
  const texts = standing.map(textFor(ask.copy));
  const found = texts.findLast((one) => one !== null) ?? null;
  return found === null ? null : maskCardNumbers(found).slice(0, textMax);
}

/** A receipt tells the customer how it ended: only that of an event that ended so is printed. */
function isOf(of: ReceiptAsk['of'], { event, success, event_reference }: ReceiptEvent): boolean {
  if (typeof success !== 'boolean') return false;
  if (of.is === 'refund') {
    return event === 'REFUND' && event_reference === of.eventReference && success === of.isDone;
  }
  if (of.isPaid) return (event === 'AUTHORIZE' || event === 'CAPTURE') && success;
  return event === (success ? 'VOID' : 'AUTHORIZE');
}

function textFor(copy: ReceiptAsk['copy']): (event: ReceiptEvent) => string | null {
  return ({ metadata }) => {
    const parts = [
      metadata?.[`seitatech:${copy}Receipt`],
      metadata?.[`seitatech:${copy}ReceiptPart2`],
    ].filter((part) => typeof part === 'string' && part !== '');
    if (parts.length === 0) return null;
    return parts.map((part) => `${part ?? ''}`.replace(/\n?$/, '\n')).join('');
  };
}
