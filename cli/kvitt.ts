import type { Client } from './client.ts';
import type { Look } from './views.ts';

/** What a command works with. */
export interface Kvitt {
  client: Client;
  look: Look;
  /** The answer as text for people, or as it is for scripts. */
  print: (answer: unknown, text: () => string | Promise<string>) => Promise<void>;
}
