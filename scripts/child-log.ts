/** What a child says: everything goes to its log file, warnings and errors also to the terminal. */
import { createWriteStream, mkdirSync, renameSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Log } from './log.ts';

/** From here on a log starts anew, and one old file is kept: weeks of `npm start` must not fill a disk. */
const logBytesMax = 20_000_000;

/** A dead server makes every call complain; the first line says it, the next follow in the file. */
const sayAgainAfterMs = 30_000;

const tailLines = 12;
const pinoWarn = 40;

const pinoLine = z.object({
  level: z.number(),
  msg: z.string().optional(),
  err: z.object({ message: z.string() }).optional(),
});
type PinoLine = z.infer<typeof pinoLine>;

export interface ChildLog {
  file: string;
  /** Reads a stream of one incarnation of the child, line by line. */
  read: (stream: Readable, onLine: (message: string) => void) => void;
  /** The last lines, for the message about a child that did not start. */
  tail: () => string;
  /** While a child is being stopped, its complaints about the others' end are no news. */
  mute: (isMuted: boolean) => void;
  close: () => void;
}

export function createChildLog(options: { name: string; file: string; say: Log }): ChildLog {
  const { name, file, say } = options;
  mkdirSync(dirname(file), { recursive: true });
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > logBytesMax) {
    renameSync(file, `${file}.old`);
  }
  const output = createWriteStream(file, { flags: 'a' });
  const tail: string[] = [];
  const saidAt = new Map<string, number>();
  let muted = false;

  const warn = (text: string): void => {
    const now = Date.now();
    const isFresh = now - (saidAt.get(text) ?? 0) > sayAgainAfterMs;
    if (muted || !isFresh) return;
    saidAt.set(text, now);
    say(`${name}: ${text}`);
  };

  return {
    file,
    read: (stream, onLine) => {
      createInterface({ input: stream }).on('line', (line) => {
        output.write(`${line}\n`);
        tail.push(line);
        if (tail.length > tailLines) tail.shift();
        const parsed = parseLine(line);
        onLine(parsed?.msg ?? line);
        if (parsed !== undefined && parsed.level >= pinoWarn) warn(messageOf(parsed));
      });
    },
    tail: () => tail.map((line) => readable(line)).join('\n'),
    mute: (isMuted) => {
      muted = isMuted;
    },
    close: () => output.end(),
  };
}

function parseLine(line: string): PinoLine | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return pinoLine.safeParse(JSON.parse(line)).data;
  } catch {
    // A line that only looks like JSON is text.
    return undefined;
  }
}

function messageOf({ msg, err }: PinoLine): string {
  const parts = [msg, err?.message].filter((part) => part !== undefined && part !== '');
  return [...new Set(parts)].join(': ');
}

function readable(line: string): string {
  const parsed = parseLine(line);
  return `  ${parsed === undefined ? line : messageOf(parsed)}`;
}
