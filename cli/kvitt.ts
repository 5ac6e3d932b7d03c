import type { Client } from './client.ts';
import type { Ask } from './setup/person.ts';
import type { Pace } from './setup/walk.ts';
import type { Look } from './views.ts';

/** Where it prints: a terminal, a file, a pipe. */
interface Output {
  write: (text: string) => unknown;
  /** Only a terminal has colours (it knows NO_COLOR) and a width. */
  hasColors?: () => boolean;
  columns?: number;
}

/** What the process gives: the command line itself knows of none. */
export interface Surroundings extends Around {
  args: string[];
  stdout: Output;
}

/** What `kvitt setup` works with: the settings of a Dintero account, and a person in front of a terminal. */
interface Around {
  environment: Record<string, string | undefined>;
  stderr: Output;
  /** Where a person types; absent where nobody is. */
  stdin?: NodeJS.ReadableStream;
  /** Answers instead of a person. */
  ask?: Ask;
  /** Calls back at the first order to stop: what was begun at a terminal is ended first. */
  onInterrupt?: (listener: () => void) => void;
  pace?: Partial<Pace>;
}

/** What a command works with. */
export interface Kvitt {
  client: Client;
  look: Look;
  /** The answer as text for people, or as it is for scripts. */
  print: (answer: unknown, text: () => string | Promise<string>) => Promise<void>;
  /** What is no answer, beside it. */
  say: (news: string) => void;
  around: Around;
}
