/**
 * Whether a device counted what Dintero shows. Its purchases less its reversals are what was captured less what was
 * given back on it, in the time that it counted: of that nothing may be missing here, and nothing may lie outside. Where
 * this cannot be said there is no verdict. Pure.
 */
import type { DeviceBooks, EndOfDay } from '../../workflows/books.ts';
import { unknownPlace } from '../../workflows/books-sums.ts';

/** Whether an instant is of the business day of a store; null: of every store. */
export type IsOfDay = (storeId: string | null, at: number) => boolean;

/** A terminal with several ends of a day is compared by their sum. */
export function compareEnds(
  ends: readonly EndOfDay[],
  devices: readonly DeviceBooks[],
  isOfDay: IsOfDay,
): EndOfDay[] {
  const elsewhere = devices.filter(({ terminal_id }) => terminal_id === unknownPlace);
  return ends.map((end) => {
    const same = ends.filter(({ terminal_id }) => terminal_id === end.terminal_id);
    const own = devices.filter(({ terminal_id }) => terminal_id === end.terminal_id);
    const isWhole = own.length <= 1 && isCounted(same, own[0], isOfDay);
    return { ...end, agrees: isWhole ? verdictOf(same, own[0], elsewhere) : null };
  });
}

/** The device began and ended within the day, and everything of the day lies between. */
function isCounted(
  ends: readonly EndOfDay[],
  own: DeviceBooks | undefined,
  isOfDay: IsOfDay,
): boolean {
  const from = Math.min(...ends.map(({ start_of_day_at: at }) => Date.parse(at ?? '')));
  const to = Math.max(...ends.map(({ at }) => Date.parse(at)));
  const storeId = own?.store_id ?? null;
  if (Number.isNaN(from) || Number.isNaN(to)) return false;
  if (!isOfDay(storeId, from) || !isOfDay(storeId, to)) return false;
  return own === undefined || (own.from >= from && own.to <= to);
}

function verdictOf(
  ends: readonly EndOfDay[],
  own: DeviceBooks | undefined,
  elsewhere: readonly DeviceBooks[],
): boolean | null {
  const counted = ends.reduce(
    (sum, { purchases, reversals }) => sum + purchases.amount - reversals.amount,
    0,
  );
  const gap = (own?.net ?? 0) - counted;
  if (gap === 0) return true;
  if ([...elsewhere, ...(own === undefined ? [] : [own])].some(({ isSure }) => !isSure))
    return null;
  // A refund that was not asked for here was given on some device, or on none.
  const given = elsewhere.reduce((sum, { net }) => sum - net, 0);
  return gap > 0 && gap <= given ? null : false;
}
