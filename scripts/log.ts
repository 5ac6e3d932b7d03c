/** One finished line for the person at the terminal, without its line feed. */
export type Log = (line: string) => void;

/** How often a waiting person hears that something still goes on, where a line cannot be rewritten. */
const plainProgressMs = 5_000;

/** How often the one line of a real terminal counts up. */
const liveProgressMs = 1_000;

interface Waiting<T> {
  text: string;
  log: Log;
  work: () => Promise<T>;
  stream?: Pick<NodeJS.WriteStream, 'isTTY' | 'write'>;
}

/** Runs something slow and shows that it is alive: one line that counts on a terminal, else a line every 5 s. */
export async function withProgress<T>({
  text,
  log,
  work,
  stream = process.stdout,
}: Waiting<T>): Promise<T> {
  const startedAt = Date.now();
  const seconds = (): number => Math.round((Date.now() - startedAt) / 1_000);
  const live = stream.isTTY;
  if (live) stream.write(`${text} ...`);
  else log(`${text} ...`);
  const timer = setInterval(
    () => {
      if (live) stream.write(`\r${text} ... ${seconds()} s`);
      else log(`${text} ... ${seconds()} s`);
    },
    live ? liveProgressMs : plainProgressMs,
  );
  try {
    return await work();
  } finally {
    clearInterval(timer);
    if (live) stream.write('\n');
  }
}

/** The message of whatever was thrown. */
export function reasonOf(err: unknown): string {
  return err instanceof Error ? err.message : String(err);
}
