/** A wire that can be held: TCP between a process and Temporal, each direction on its own. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

type Direction = 'to_temporal' | 'from_temporal';

export interface Wire {
  address: string;
  /** What is said in this direction from now on waits here. */
  hold: (direction: Direction) => void;
  /** Bytes that wait here. */
  heldBytes: () => number;
  /** Lets everything go on, in its order. */
  release: () => void;
  /** Breaks every connection; what waits is lost, as it is when the process dies that should have said it. */
  cut: () => void;
  close: () => Promise<void>;
}

interface Line {
  sockets: Record<Direction, Socket>;
  waiting: { direction: Direction; chunk: Buffer }[];
}

export async function startWire(targetPort: number): Promise<Wire> {
  const lines = new Set<Line>();
  const held = new Set<Direction>();
  const server = createServer((near) => {
    const far = connect(targetPort, '127.0.0.1');
    // By where the bytes go.
    const line: Line = { sockets: { to_temporal: far, from_temporal: near }, waiting: [] };
    lines.add(line);
    const relay = (from: Socket, direction: Direction): void => {
      from.setNoDelay(true);
      from.on('data', (chunk) => {
        if (held.has(direction)) line.waiting.push({ direction, chunk });
        else line.sockets[direction].write(chunk);
      });
      // An error is followed by "close", and a wire has nobody to tell.
      from.on('error', () => undefined);
      from.on('close', () => {
        lines.delete(line);
        end(line);
      });
    };
    relay(near, 'to_temporal');
    relay(far, 'from_temporal');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const cut = (): void => {
    for (const line of lines) end(line);
  };
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    hold: (direction) => held.add(direction),
    heldBytes: () =>
      [...lines]
        .flatMap(({ waiting }) => waiting)
        .reduce((sum, { chunk }) => sum + chunk.length, 0),
    release: () => {
      held.clear();
      for (const { sockets, waiting } of lines) {
        for (const { direction, chunk } of waiting.splice(0)) sockets[direction].write(chunk);
      }
    },
    cut,
    close: async () => {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}

function end({ sockets, waiting }: Line): void {
  waiting.length = 0;
  for (const socket of Object.values(sockets)) socket.destroy();
}
