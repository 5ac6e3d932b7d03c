/** What `npm start` prints when all is ready: where everything is, and the first commands to type. */
import { join } from 'node:path';
import { defaultUrl } from '../cli/config.ts';
import type { Stack } from './stack.ts';
import { orElse } from './stack-env.ts';

const terminalId = 'T90001234-T0003';

type Ready = Pick<
  Stack,
  'apiUrl' | 'simulatorUrl' | 'temporalUiUrl' | 'temporalAddress' | 'dir'
> & { children: readonly { name: string; pid: number | undefined }[] };

export function readyBox(
  stack: Ready,
  { startedAt, env }: { startedAt: number; env: NodeJS.ProcessEnv },
): string {
  const { apiUrl, simulatorUrl, temporalUiUrl, temporalAddress } = stack;
  const pids = stack.children.map(({ name, pid }) => `${name} ${pid}`).join(', ');
  const key = orElse(env['API_KEYS'], '') === '' ? '' : ` -H "authorization: Bearer $KEY"`;
  const token = orElse(env['OPS_TOKENS'], '') === '' ? '$(cat .kvitt/ops-token)' : '"<your token>"';
  // What is typed as it stands must reach this service, not one at the usual port.
  const url = new URL(apiUrl).port === new URL(defaultUrl).port ? '' : `KVITT_URL=${apiUrl} `;
  const lines = [
    `Kvitt is ready after ${((Date.now() - startedAt) / 1_000).toFixed(1)} s`,
    '',
    `  API        ${apiUrl}   (try it: ${apiUrl}/docs)`,
    `  Temporal   ${temporalUiUrl ?? `${temporalAddress} (TEMPORAL_ADDRESS)`}`,
    `  Simulator  ${simulatorUrl}   (plays Dintero and its terminals: no real money)`,
    `  Operate    ${url}KVITT_TOKEN=${token} npx kvitt stuck`,
    `  Processes  ${pids}`,
    `  Logs       ${join(stack.dir, 'logs')}`,
    '',
    'Charge a card:',
    `  curl -X POST ${apiUrl}/charges -H 'content-type: application/json'${key} -d '${firstCharge()}'`,
    'Tap the card:',
    `  curl -X POST ${simulatorUrl}/simulator/terminals/${terminalId}/tap`,
    '',
    'Ctrl-C stops everything. Open charges go on at the next start.',
  ];
  const rule = '-'.repeat(72);
  return ['', rule, ...lines, rule].join('\n');
}

/** A reference is good once for ever: the time makes it work again on the next start. */
function firstCharge(): string {
  const [date = '', time = ''] = new Date().toISOString().replaceAll(/[-:]/g, '').split('T');
  return JSON.stringify({
    reference: `S-${date.slice(2)}-${time.slice(0, 6)}`,
    amount: 12900,
    currency: 'NOK',
    terminal_id: terminalId,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  });
}
