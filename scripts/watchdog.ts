import { spawn } from 'node:child_process';

/**
 * Reads the process groups that live, one list a line. When the pipe closes its writer is gone, however it died: the
 * groups are asked to end, given 5 s, and killed. Plain sh: small, on every Linux and macOS, and nothing to load.
 */
const script = `
groups=
while read -r line; do groups=$line; done
for group in $groups; do kill -s TERM -- "-$group" 2>/dev/null; done
for _ in 1 2 3 4 5; do
  alive=
  for group in $groups; do kill -s 0 -- "-$group" 2>/dev/null && alive=yes; done
  test -z "$alive" && exit
  sleep 1
done
for group in $groups; do kill -s KILL -- "-$group" 2>/dev/null; done
`;

export interface Watchdog {
  add: (group: number) => void;
  remove: (group: number) => void;
  /** Ends the watchdog. Groups that are still listed are ended by it. */
  close: () => void;
}

/** Ends our children when this process cannot: after SIGKILL, a crash, or an exit that nobody planned. */
export function startWatchdog(): Watchdog {
  const groups = new Set<number>();
  // A group of its own: Ctrl-C and a closed terminal must not end it before it has done its work.
  const sh = spawn('/bin/sh', ['-c', script], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
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
