import type { Client } from './client.ts';
import type { Look } from './views.ts';

/** Where it prints: a terminal, a file, a pipe. */
interface Output {
  write: (text: string) => unknown;
  /** Only a terminal has colours (it knows NO_COLOR) and a width. */
  hasColors?: () => boolean;
  columns?: number;
}

/** What the process gives: the command line itself knows of none. */
export interface Surroundings {
  args: string[];
  environment: Record<string, string | undefined>;
  stdout: Output;
  stderr: Output;
}

/** What a command works with. */
export interface Kvitt {
  client: Client;
  look: Look;
  /** The answer as text for people, or as it is for scripts. */
  print: (answer: unknown, text: () => string | Promise<string>) => Promise<void>;
  /** What is no answer, beside it. */
  say: (news: string) => void;
}
