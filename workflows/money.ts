/** Money for people: `NOK 129.00` of 12900 minor units. */
export function inMajorUnits(amount: number, currency: string): string {
  const format = new Intl.NumberFormat('en', { style: 'currency', currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 2;
  return `${currency} ${(amount / 10 ** digits).toFixed(digits)}`;
}

/** The same, where either may be unknown. */
export function moneyText(amount: number | null, currency: string | null): string {
  if (amount === null) return 'an unknown amount';
  return currency === null ? `${amount} minor units` : inMajorUnits(amount, currency);
}
