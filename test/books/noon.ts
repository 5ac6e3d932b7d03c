/** A time zone where it is about noon: no test here crosses a midnight. */
import { dateAt } from '../../workflows/business-days.ts';

const hoursToNoon = 12 - new Date().getUTCHours();

/** The names of these zones count westwards. */
export const noonZone = `Etc/GMT${hoursToNoon > 0 ? '-' : '+'}${Math.abs(hoursToNoon)}`;

export function today(): string {
  return dateAt(Date.now(), noonZone);
}
