/** The routes of two-phase sales and receipts: the till's word on held money, and what is printed. */
import type { Word } from '../workflows/hold.ts';
import { chargeIdOf, preferredWait, show, wait, type Context, type Handler } from './answering.ts';
import { sayWord } from './hold.ts';
import { receiptQuerySchema, type holdRouteKeys } from './hold-openapi.ts';
import { receiptOf } from './receipt.ts';
import { bodyOf, validate } from './request.ts';
import { emptyRequestSchema } from './schemas.ts';

export function createHoldHandlers(
  context: Context,
): Record<(typeof holdRouteKeys)[number], Handler> {
  return {
    'POST /charges/{charge_id}/capture': onWord(context, 'capture'),
    'POST /charges/{charge_id}/void': onWord(context, 'void'),
    'GET /charges/{charge_id}/receipt': async (req, res) => {
      const { copy } = validate(receiptQuerySchema, req.query, 'query');
      const { text, from } = await receiptOf(context, { chargeId: chargeIdOf(req), copy });
      res.set('Receipt-From', from).type('text/plain').send(text);
    },
  };
}

function onWord(context: Context, said: Word): Handler {
  return async (req, res) => {
    const chargeId = chargeIdOf(req);
    bodyOf(req, emptyRequestSchema);
    const read = await sayWord(context, { chargeId, said, by: res.locals.keyName });
    const ms = preferredWait(req, res) ?? context.timings.cancelWait;
    const after = await wait(context, res, { read, wants: 'outcome', ms });
    const isEnded = after.record.outcome !== null;
    if (!isEnded) res.set('Retry-After', '2');
    res.status(isEnded ? 200 : 202).json(await show(context, after));
  };
}
