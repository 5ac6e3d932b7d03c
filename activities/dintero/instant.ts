/** A time of Dintero's, as epoch ms. One without a zone is UTC (dossier 4.6). */
import { z } from 'zod';

export const instant = z.string().transform((at, context) => {
  const ms = Date.parse(/(Z|[+-]\d\d:?\d\d)$/i.test(at) ? at : `${at}Z`);
  if (Number.isNaN(ms)) context.addIssue({ code: 'custom', message: 'is no time' });
  return ms;
});
