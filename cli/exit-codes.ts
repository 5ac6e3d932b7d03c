/** What the exit code of `kvitt` says to a script: the one table, printed by `kvitt --help`. */
export const exitCodes = {
  done: 0,
  fault: 1,
  invalid: 2,
  refused: 3,
  unknown: 4,
  unreachable: 5,
  found: 6,
  notCharged: 7,
} as const;
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

export const exitCodeWords: Record<ExitCode, string> = {
  0: 'done; `stuck`, `cases`, `report`, `setup`: nothing was found; `watch`: captured',
  1: 'kvitt has a fault, or the answer is not one of the service',
  2: 'wrong usage, or the request is not valid (400, 422)',
  3: 'refused: the token (401, 403), or what is true now (409); `operate`, `refund`: it was not done',
  4: 'not known (404); never a proof that nothing was paid',
  5: 'the service cannot be reached or cannot answer (429, 5xx): try again',
  6: '`stuck`, `cases`, `report` or `reconcile` found something; `setup`: something is to be done',
  7: '`watch`: the charge ended as not_charged',
};
