/** The settings of business days. */
import * as z from 'zod';
import { isTimeZone } from '../workflows/business-days.ts';

export const timeZone = z
  .string()
  .refine(isTimeZone, 'must be a time zone of the IANA database, such as Europe/Oslo');

/** Stores whose days begin elsewhere: `svalbard-01=Arctic/Longyearbyen,...`. */
export const storeZones = z.string().transform((text, context): Record<string, string> => {
  const pairs = text.split(',').map((pair) => pair.trim().split('='));
  const isGood = pairs.every(
    ([store = '', zone = '', ...rest]) =>
      /^[\w-]{1,40}$/.test(store) && rest.length === 0 && isTimeZone(zone),
  );
  if (!isGood) {
    const message =
      'must be store=zone,... with zones of the IANA database: oulu-01=Europe/Helsinki,malaga-02=Europe/Madrid';
    context.addIssue({ code: 'custom', message });
  }
  return Object.fromEntries(pairs.map(([store = '', zone = '']) => [store, zone]));
});
