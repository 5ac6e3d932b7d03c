/** People type what lies before them: a text of theirs that is stored and shown must not hold a card number. Pure. */

const digitsMin = 13;
const digitsMax = 19;

/**
 * 13 to 19 digits, in groups with spaces or dashes between them or in one, that pass the check of card numbers (Luhn).
 * A longer row of digits is some other number; one in ten of the right length passes by chance, which is a clear error
 * and no harm.
 */
export function holdsCardNumber(text: string): boolean {
  const rows = text.normalize('NFKC').match(/\d+(?:[\s\p{Pd}]+\d+)*/gu) ?? [];
  return rows.some((row) => {
    const groups = row.split(/\D+/);
    return groups.some((_group, first) =>
      groups.some((_other, last) => isCardNumber(groups.slice(first, last + 1).join(''))),
    );
  });
}

function isCardNumber(digits: string): boolean {
  return digits.length >= digitsMin && digits.length <= digitsMax && passesLuhn(digits);
}

/** ISO/IEC 7812: from the right, every second digit counts double, with its own digits added. */
function passesLuhn(digits: string): boolean {
  const values = Array.from(digits, Number).toReversed();
  const sum = values.reduce((total, digit, index) => {
    const value = digit * (index % 2 === 0 ? 1 : 2);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

/**
 * A text of somebody else's that is passed on: 12 digits in a row, or a card number in groups, keep their last four. Not
 * the application on the card's chip (`A0000000031010`), which has to stand on a receipt: no card number begins so.
 */
export function maskCardNumbers(text: string): string {
  return text
    .replaceAll(/(?<!\bA(?=0{6})\p{Nd}*)\p{Nd}{12,}/gu, masked)
    .replaceAll(/\p{Nd}+(?:[ \t\p{Pd}]+\p{Nd}+)+/gu, (row) =>
      holdsCardNumber(row) ? masked(row) : row,
    );
}

function masked(row: string): string {
  const digits = [...row.matchAll(/\p{Nd}/gu)].length;
  let at = 0;
  return row.replaceAll(/\p{Nd}/gu, (digit) => ((at += 1) > digits - 4 ? digit : '*'));
}

/** What is wrong with a text of a person, said of its field; null: nothing. */
export function problemOfText(text: unknown): string | null {
  if (typeof text !== 'string' || !/^[^\p{C}]{1,200}$/u.test(text) || text.trim() === '') {
    return 'is not 1 to 200 printable characters';
  }
  return holdsCardNumber(text) ? 'is not stored: it holds what looks like a card number' : null;
}
