/** The person at the command: what they are asked, and what they saw. A person who is not sure has proven nothing. */
import { createInterface } from 'node:readline';

/** null: nobody is there to answer, or `signal` ended the question. */
export type Ask = (question: string, signal?: AbortSignal) => Promise<string | null>;

/** Nobody answers: what needs a person is left out, and said so. */
export const nobody: Ask = () => Promise.resolve(null);

type Sight = 'yes' | 'no' | 'unsure';

/** Something is done only after a clear yes. */
export async function agrees(ask: Ask, question: string): Promise<boolean> {
  return (await sees(ask, question)) === 'yes';
}

/** What the person sees: anything but a clear yes or no, an empty line too, is `unsure`. */
export async function sees(ask: Ask, question: string): Promise<Sight> {
  const answer = (await ask(`${question} [y/n/?] `))?.trim().toLowerCase() ?? '';
  if (/^(y|yes|j|ja)$/.test(answer)) return 'yes';
  return /^(n|no|nei)$/.test(answer) ? 'no' : 'unsure';
}

/** The answer, or null once the time is over: by a timer of its own, for a signal's may be collected before it fires. */
export async function askWithin(ask: Ask, question: string, ms: number): Promise<string | null> {
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(), ms);
  try {
    return await ask(question, over.signal);
  } finally {
    clearTimeout(timer);
  }
}

/** One line at a time from a person's terminal. Not raw: Ctrl-C stays a signal of the process. */
export function askOn(
  input: NodeJS.ReadableStream,
  write: (text: string) => unknown,
): { ask: Ask; close: () => void } {
  const lines = createInterface({ input, terminal: false });
  const waiting: ((line: string | null) => void)[] = [];
  let isOver = false;
  // What is typed before a question is no answer to it.
  lines.on('line', (line) => waiting.shift()?.(line));
  lines.on('close', () => {
    isOver = true;
    for (const answer of waiting.splice(0)) answer(null);
  });
  return {
    ask: async (question, signal) => {
      write(question);
      if (isOver || signal?.aborted === true) return null;
      return await new Promise((resolve) => {
        waiting.push(resolve);
        signal?.addEventListener('abort', () => {
          if (!waiting.includes(resolve)) return;
          waiting.splice(waiting.indexOf(resolve), 1);
          write('\n');
          resolve(null);
        });
      });
    },
    close: () => lines.close(),
  };
}
