/** Why a command ended without having done what it was asked, and what the person can do about it. */
import type { ExitCode } from './exit-codes.ts';

/** What stands in a problem of the API, as far as a person is told. */
export interface Problem {
  title: string;
  detail?: string | undefined;
  errors?: { field: string; problem: string; hint: string }[] | undefined;
}

/** For people it is told as sentences, for scripts as a problem. */
export class Failure extends Error {
  readonly exitCode: ExitCode;
  readonly problem: Problem;
  /** What the person can do about it. */
  readonly wayOut: string | null;

  constructor(
    exitCode: ExitCode,
    { problem, wayOut, cause }: { problem: Problem; wayOut: string | null; cause?: unknown },
  ) {
    super(problem.title, { cause });
    this.name = 'Failure';
    this.exitCode = exitCode;
    this.problem = problem;
    this.wayOut = wayOut;
  }
}
