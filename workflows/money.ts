/** Money for people: `NOK 129.00` of 12900 minor units. */
export function inMajorUnits(amount: number, currency: string): string {
  const digits = digitsOf(currency);
  if (digits === null) return `${amount} minor units of ${currency}`;
  return `${currency} ${(amount / 10 ** digits).toFixed(digits)}`;
}

/** null: no currency that is known. Dintero's answer may name any. */
function digitsOf(currency: string): number | null {
  if (!/^[A-Z]{3}$/.test(currency)) return null;
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** The same, where either may be unknown. */
export function moneyText(amount: number | null, currency: string | null): string {
  if (amount === null) return 'an unknown amount';
  return currency === null ? `${amount} minor units` : inMajorUnits(amount, currency);
}
