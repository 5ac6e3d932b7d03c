/** The naive charge's two processes: `naive-app.ts worker` and `naive-app.ts api`. Settings come as JSON in NAIVE. */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import express from 'express';
import { createNaiveActivities, type NaiveSettings } from './naive-activities.ts';
import { naiveCharge, webhook, type NaiveCharge } from './naive-workflow.ts';

export interface NaiveAppSettings extends NaiveSettings {
  address: string;
  namespace: string;
  taskQueue: string;
}

async function runWorker(settings: NaiveAppSettings): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('WARN') });
  const connection = await NativeConnection.connect({ address: settings.address });
  const worker = await Worker.create({
    connection,
    namespace: settings.namespace,
    taskQueue: settings.taskQueue,
    workflowsPath: fileURLToPath(new URL('./naive-workflow.ts', import.meta.url)),
    activities: await createNaiveActivities(settings),
  });
  const running = worker.run();
  process.stdout.write('ready\n');
  await running;
  await connection.close();
}

async function runApi({ address, namespace, taskQueue }: NaiveAppSettings): Promise<void> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection, namespace });
  const app = express();
  app.post('/charges', express.json(), async (req, res) => {
    const charge = req.body as NaiveCharge;
    const handle = await client.workflow.start(naiveCharge, {
      workflowId: `naive/${charge.reference}`,
      taskQueue,
      args: [charge],
    });
    res.json(await handle.result());
  });
  app.post('/callbacks/:reference', async (req, res) => {
    await client.workflow.getHandle(`naive/${req.params.reference}`).signal(webhook);
    res.sendStatus(200);
  });
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  process.stdout.write(`ready ${(server.address() as AddressInfo).port}\n`);
  process.once('SIGTERM', () => {
    server.closeAllConnections();
    server.close(() => void connection.close());
  });
}

const [, , role] = process.argv;
const settings = JSON.parse(process.env['NAIVE'] ?? '{}') as NaiveAppSettings;
await (role === 'api' ? runApi(settings) : runWorker(settings));
