/** Whether a text holds what looks like a full card number: 13 to 19 digits that pass the Luhn check. Pure. */
export function holdsCardNumber(text: string): boolean {
  // Card numbers are written in groups; anything else between digits ends one.
  const runs = text.match(/\d(?:[ .-]?\d){12,}/g) ?? [];
  return runs.some((run) => {
    const digits = run.replaceAll(/\D/g, '').split('').map(Number);
    // A longer run of digits may begin or end with one.
    for (let from = 0; from <= digits.length - 13; from += 1) {
      for (let length = 13; length <= Math.min(19, digits.length - from); length += 1) {
        if (passesLuhn(digits.slice(from, from + length))) return true;
      }
    }
    return false;
  });
}

function passesLuhn(digits: readonly number[]): boolean {
  const sum = digits.toReversed().reduce((total, digit, index) => {
    if (index % 2 === 0) return total + digit;
    return total + (digit > 4 ? 2 * digit - 9 : 2 * digit);
  }, 0);
  return sum % 10 === 0;
}
