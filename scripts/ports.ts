import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { reasonOf } from './log.ts';

export interface Ports {
  api: number;
  temporal: number;
  temporalUi: number;
  simulator: number;
}

/** Which variable moves which port, and where it is without one. */
const portVariables: Record<keyof Ports, { variable: string; fallback: number }> = {
  api: { variable: 'PORT', fallback: 8080 },
  temporal: { variable: 'TEMPORAL_PORT', fallback: 7233 },
  temporalUi: { variable: 'TEMPORAL_UI_PORT', fallback: 8233 },
  simulator: { variable: 'SIMULATOR_PORT', fallback: 8090 },
};

export const portNames = ['api', 'temporal', 'temporalUi', 'simulator'] as const;

export function portsFrom(env: NodeJS.ProcessEnv): Ports {
  const read = (name: keyof Ports): number => {
    const { variable, fallback } = portVariables[name];
    const text = env[variable] ?? '';
    if (text === '') return fallback;
    const port = Number(text);
    if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
    throw new Error(`${variable}=${text} is not a port: it takes a number from 1 to 65535.`);
  };
  const ports = {
    api: read('api'),
    temporal: read('temporal'),
    temporalUi: read('temporalUi'),
    simulator: read('simulator'),
  };
  for (const name of portNames) {
    const twin = portNames.find((other) => other !== name && ports[other] === ports[name]);
    if (twin === undefined) continue;
    const [one, two] = [portVariables[name].variable, portVariables[twin].variable];
    throw new Error(`${one} and ${two} are both ${ports[name]}: give them different ports.`);
  }
  return ports;
}

/** Throws one line, naming port and variable, for the first port that somebody else listens on. */
export async function assertPortsFree(
  ports: Ports,
  names: readonly (keyof Ports)[] = portNames,
): Promise<void> {
  for (const name of names) {
    const problem = await problemOf(ports[name]);
    if (problem === undefined) continue;
    const { variable } = portVariables[name];
    throw new Error(
      `Port ${ports[name]} ${problem}: stop what listens there, or set ${variable} to another port.`,
    );
  }
}

async function problemOf(port: number): Promise<string | undefined> {
  // macOS lets one address be bound beside a listener on all of them: ask whether somebody answers, too.
  if (await isListening(port)) return 'is in use';
  try {
    const { close } = await listen(port);
    await close();
    return undefined;
  } catch (err) {
    const isBusy = err instanceof Error && 'code' in err && err.code === 'EADDRINUSE';
    return isBusy ? 'is in use' : `cannot be used (${reasonOf(err)})`;
  }
}

/** Four ports that were free a moment ago. All are held until the last is known, so that they differ. */
export async function freePorts(): Promise<Ports> {
  const held = await Promise.all(portNames.map(async () => await listen(0)));
  await Promise.all(held.map(async ({ close }) => await close()));
  const [api = 0, temporal = 0, temporalUi = 0, simulator = 0] = held.map(({ port }) => port);
  return { api, temporal, temporalUi, simulator };
}

async function listen(port: number): Promise<{ port: number; close: () => Promise<void> }> {
  const server = createServer();
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: async () => {
      server.close();
      await once(server, 'close');
    },
  };
}

export async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    // Refused: nobody there yet.
    return false;
  } finally {
    socket.destroy();
  }
}
