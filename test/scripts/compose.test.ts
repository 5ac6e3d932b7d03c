import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { apiConfigSchema } from '../../api/config.ts';
import { workerConfigSchema } from '../../worker/config.ts';

const root = new URL('../../', import.meta.url);
const text = readFileSync(fileURLToPath(new URL('docker-compose.yml', root)), 'utf8');

const schema = z.object({
  services: z.record(
    z.string(),
    z.object({
      image: z.string(),
      build: z.string().optional(),
      command: z.array(z.string()).optional(),
      restart: z.string(),
      environment: z.record(z.string(), z.string()),
      ports: z.array(z.string()).default([]),
      volumes: z.array(z.string()).default([]),
      healthcheck: z.object({ test: z.array(z.string()) }).optional(),
      stop_grace_period: z.string().optional(),
      init: z.boolean().optional(),
      depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
    }),
  ),
});
const prometheusSchema = z.object({
  rule_files: z.array(z.string()),
  scrape_configs: z.array(
    z.object({
      dns_sd_configs: z.array(z.object({ names: z.array(z.string()), port: z.number() })),
    }),
  ),
});
const { services } = schema.parse(parse(text, { merge: true }));
const all = Object.entries(services);
const oneShots = ['schema', 'namespace'];
/** The worker listens on nothing that could be asked. */
const servers = all.map(([name]) => name).filter((name) => ![...oneShots, 'worker'].includes(name));

describe('docker-compose.yml', () => {
  test('holds no secret and no default for one', () => {
    const secret = /PASSWORD|PWD|SECRET|API_KEYS|TOKEN/;
    // Nobody need be told; the worker refuses a receiver without a secret.
    const optional = ['WEBHOOK_SECRET'];
    const values = all.flatMap(([, { environment }]) =>
      Object.entries(environment).filter(([name]) => secret.test(name) && !optional.includes(name)),
    );
    expect(values.length).toBeGreaterThan(5);
    // Demanded, or empty: what is empty is off.
    for (const [, value] of values) expect(value).toMatch(/^\$\{[A-Z_]+:(?:\?[^}]+|-)\}$/);
  });

  test.each([
    ['worker', workerConfigSchema.shape],
    ['api', apiConfigSchema.shape],
  ])('%s is told everything that it reads', (name, variables) => {
    const untold = Object.keys(variables).filter(
      (variable) => services[name]?.environment[variable] === undefined,
    );
    // Temporal Cloud's, and what the image sets itself.
    const others = ['TEMPORAL_API_KEY', 'TEMPORAL_PROFILE', 'WORKFLOW_BUNDLE'];
    expect(untold.filter((variable) => !others.includes(variable))).toEqual([]);
  });

  test('only the api listens on a public address', () => {
    const open = all.filter(([, { ports }]) =>
      ports.some((port) => !port.startsWith('127.0.0.1:')),
    );
    expect(open.map(([name]) => name)).toEqual(['api']);
    expect(services['temporal']?.ports).toHaveLength(1);
    expect(services['ui']?.ports).toHaveLength(1);
    expect(services['postgres']?.ports).toEqual([]);
    expect(services['worker']?.ports).toEqual([]);
  });

  test('the UI cannot end, repeat or start a charge', () => {
    const environment = services['ui']?.environment ?? {};
    for (const what of [
      'WORKFLOW_TERMINATE',
      'WORKFLOW_RESET',
      'BATCH_ACTIONS',
      'START_WORKFLOW',
    ]) {
      expect(environment[`TEMPORAL_${what}_DISABLED`]).toBe('true');
    }
  });

  test('Prometheus finds the api, the worker and the rules where they are', () => {
    const own = readFileSync(fileURLToPath(new URL('prometheus/prometheus.yml', root)), 'utf8');
    const { rule_files, scrape_configs } = prometheusSchema.parse(parse(own));
    const port = (name: string, variable: string): number =>
      Number(services[name]?.environment[variable]?.split(':').at(-1));
    expect(scrape_configs.flatMap(({ dns_sd_configs }) => dns_sd_configs)).toMatchObject([
      { names: ['api'], port: port('api', 'PORT') },
      { names: ['worker'], port: port('worker', 'METRICS_ADDRESS') },
    ]);
    const mounts = (services['prometheus']?.volumes ?? []).map((volume) => volume.split(':'));
    expect(mounts).toContainEqual(['./prometheus/alerts.yml', ...rule_files, 'ro']);
  });

  test.each(servers)('%s is a server: it restarts and its health is asked', (name) => {
    expect(services[name]?.restart).toBe('unless-stopped');
    expect(services[name]?.healthcheck?.test[0]).toMatch(/^CMD/);
  });

  test.each(oneShots)('%s runs once and again only after a failure', (name) => {
    expect(services[name]?.restart).toMatch(/^on-failure/);
  });

  test('the worker restarts and has longer to stop than it needs to drain', () => {
    expect(services['worker']?.restart).toBe('unless-stopped');
    expect(services['worker']?.stop_grace_period).toBe('60s');
  });

  test('SIGTERM reaches our processes: no npm and no shell stand between', () => {
    const ours = all.filter(([, { build }]) => build !== undefined);
    expect(ours.map(([name]) => name)).toEqual(['namespace', 'worker', 'api', 'simulator']);
    for (const [, { command, init }] of ours) {
      expect(command?.slice(0, 3)).toEqual(['node', '--import', 'tsx']);
      expect(init).toBe(true);
    }
  });

  test('each step waits for the one before', () => {
    const condition = (name: string, on: string): string | undefined =>
      services[name]?.depends_on[on]?.condition;
    expect(condition('schema', 'postgres')).toBe('service_healthy');
    expect(condition('temporal', 'schema')).toBe('service_completed_successfully');
    expect(condition('namespace', 'temporal')).toBe('service_healthy');
    expect(condition('worker', 'namespace')).toBe('service_completed_successfully');
    expect(condition('api', 'namespace')).toBe('service_completed_successfully');
  });

  test('images are pinned', () => {
    for (const [, { image }] of all) expect(image).toMatch(/:(v?\d|\$\{)/);
    expect(services['temporal']?.environment['NUM_HISTORY_SHARDS']).toBe('512');
  });
});

describe('Dockerfile', () => {
  const dockerfile = readFileSync(fileURLToPath(new URL('Dockerfile', root)), 'utf8');

  test('ends as a plain user, with Node itself as the first process', () => {
    expect(dockerfile).toMatch(/^USER node$/m);
    expect(dockerfile).toMatch(/^CMD \["node", /m);
    expect(dockerfile).toMatch(/^RUN npm ci --omit=dev/m);
  });

  test('carries the prebuilt workflows', () => {
    expect(dockerfile).toContain('scripts/bundle.ts');
    expect(dockerfile).toContain('WORKFLOW_BUNDLE=/app/dist/workflow-bundle.js');
  });
});
