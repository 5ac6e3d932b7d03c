import { spawn } from 'node:child_process';

/**
 * Reads the process groups that live, one list a line. When the pipe closes its writer is gone, however it died: the
 * groups are asked to end, given 5 s, and killed. Then the lock ($1) goes, if it still says what it said ($2). Plain
 * sh: small, on every Linux and macOS, and nothing to load.
 */
const script = `
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
for _ in 1 2 3 4 5 6 7 8 9 10; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=yes; done
  test -z "$alive" && break
  sleep 0.5
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
test -f "$1" && read -r holder < "$1" && test "$holder" = "$2" && rm -f "$1"
`;

export interface Watchdog {
  add: (group: number) => void;
  remove: (group: number) => void;
  /** Ends the watchdog. Groups that are still listed are ended by it. */
  close: () => void;
}

/**
 * Ends our children when this process cannot: after SIGKILL, a crash, or an exit that nobody planned. A lock given to
 * it is removed once they have ended.
 */
export function startWatchdog(lock?: { file: string; content: string }): Watchdog {
  const groups = new Set<number>();
  // A group of its own: Ctrl-C and a closed terminal must not end it before it has done its work.
  const sh = spawn(
    '/bin/sh',
    ['-c', script, 'kvitt-watchdog', lock?.file ?? '', lock?.content ?? ''],
    {
      detached: true,
      stdio: ['pipe', 'ignore', 'ignore'],
    },
  );
  sh.unref();
  // It may be gone when the machine shuts down; the children then are too.
  sh.stdin.on('error', () => undefined);
  const tell = (): void => {
    sh.stdin.write(`${[...groups].join(' ')}\n`);
  };
  return {
    add: (group) => {
      groups.add(group);
      tell();
    },
    remove: (group) => {
      groups.delete(group);
      tell();
    },
    close: () => sh.stdin.end(),
  };
}
