/** The real processes on free ports and fresh state, for tests that kill them. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inject } from 'vitest';
import { controlSimulator, type SimulatorControl } from '../scripts/dintero-simulator.ts';
import { startStack, type Stack } from '../scripts/stack.ts';
import type { ChargeAnswer } from './harness.ts';

export interface Processes {
  stack: Stack;
  dintero: SimulatorControl;
  post: (sale: object) => Promise<{ status: number; body: ChargeAnswer }>;
  /** Waits for the ending; gives up, still `checking`, after 30 s. */
  ending: (chargeId: string) => Promise<ChargeAnswer>;
  stop: () => Promise<void>;
}

/** Settings of the product come as environment variables, as an operator gives them. */
export async function startProcesses(settings: NodeJS.ProcessEnv = {}): Promise<Processes> {
  const dir = await mkdtemp(join(tmpdir(), 'kvitt-e2e-'));
  const { TEMPORAL_ADDRESS: _none, ...env } = process.env;
  const stack = await startStack({
    dir,
    ports: 'free',
    env: { ...env, TEMPORAL_CLI: inject('temporalCli'), ...settings },
    log: () => undefined,
  });
  const ask = async (method: string, path: string, body?: object): Promise<Response> =>
    await fetch(stack.apiUrl + path, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  return {
    stack,
    dintero: controlSimulator(stack.simulatorUrl),
    post: async (sale) => {
      const response = await ask('POST', '/charges', sale);
      return { status: response.status, body: (await response.json()) as ChargeAnswer };
    },
    ending: async (chargeId) => {
      const giveUpAt = Date.now() + 50_000;
      const lostAt = Date.now() + 30_000;
      for (;;) {
        try {
          const body = (await (
            await ask('GET', `/charges/${chargeId}?wait=5`)
          ).json()) as ChargeAnswer;
          // While processes come back, an answer may be a problem document without an outcome.
          if (typeof body.outcome === 'string') return body;
          if (body.state === 'checking' && Date.now() > lostAt) return body;
        } catch (error) {
          if (Date.now() > giveUpAt) throw error;
        }
        if (Date.now() > giveUpAt) throw new Error(`${chargeId} did not end`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },
    stop: async () => {
      await stack.stop();
      await rm(dir, { recursive: true, force: true });
    },
  };
}
