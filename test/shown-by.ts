/** What a row of the failure scenarios is, and the files whose tests it names. */
import { acceptance } from './acceptance/sentences.ts';

export const promise = (name: string): string => `test/promise.test.ts > ${name}`;
export const charges = (name: string): string => `test/api/charges.test.ts > ${name}`;
export const callbacks = (name: string): string => `test/api/callbacks.test.ts > ${name}`;
export const strays = (name: string): string => `test/api/strays.test.ts > ${name}`;
export const switches = (name: string): string => `test/api/switches.test.ts > ${name}`;
export const ops = (name: string): string => `test/api/ops.test.ts > ${name}`;
export const reading = (name: string): string => `test/api/reading.test.ts > ${name}`;
export const strangers = (name: string): string => `test/workflows/strangers.test.ts > ${name}`;
export const dintero = (name: string): string => `test/activities/dintero.test.ts > ${name}`;
export const http = (name: string): string => `test/api/http.test.ts > ${name}`;
export const notify = (name: string): string => `test/workflows/notify.test.ts > ${name}`;
export const refunds = (name: string): string => `test/acceptance/refunds.test.ts > ${name}`;
export const refundsAttacked = (name: string): string =>
  `test/acceptance/refunds-attacked.test.ts > ${name}`;
export const refundJudgement = (name: string): string =>
  `test/workflows/refund-judgement.test.ts > ${name}`;

/** Of the acceptance list: each sentence is the name of a test, which `test/acceptance/all.test.ts` sees to. */
export const sentence = (number: keyof typeof acceptance): string =>
  `test/acceptance/sentences.ts > ${acceptance[number]}`;
export const recovery = (name: string): string => `test/workflows/recovery.test.ts > ${name}`;

/** A point at which `npm run chaos -- --crash` kills every process; three of them are in `test/crash.test.ts`. */
export const killed = (point: string): string => `scripts/chaos/crash-points.ts > ${point}`;

export const rules =
  'test/workflows/money-rules.test.ts > hold for every reading under every circumstance';

/** `what` is true of the code as it is; `shownBy` are `<file> > <test name>`, the name as it stands in the file. */
export type Row = [number: number, scenario: string, what: string, ...shownBy: string[]];
