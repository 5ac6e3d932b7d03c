/**
 * The guide for people, one entry per word of the closed lists: the one home of what a word means and what to do. The
 * Temporal UI's details, `/openapi.json`, `kvitt explain` and `docs/runbook.md` are made of it.
 */
export { attentionGuide } from './attention-guide.ts';
export { caseGuide } from './case-guide.ts';
export { reasonGuide } from './reason-guide.ts';
export type { Guidance, Severity, Step } from './guidance.ts';
