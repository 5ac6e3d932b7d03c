/** Do waiting tills slow a new charge? Measures POST /charges with nobody waiting, and with many long polls open. */
import type { SimulatorControl } from '../dintero-simulator.ts';
import type { Stack } from '../stack.ts';

const samples = 40;

function sale(number: number): { reference: string } & Record<string, unknown> {
  return {
    reference: `wait-${number}`,
    amount: 12900,
    currency: 'NOK',
    terminal_id: `T90001234-T${String(number).padStart(4, '0')}`,
    store_id: 'bergen-01',
    payout_destination_id: 'seller-9',
  };
}

/** Milliseconds until the terminal prompts; the charge stays open. */
async function start(stack: Stack, number: number): Promise<number> {
  const from = performance.now();
  const response = await fetch(`${stack.apiUrl}/charges`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(sale(number)),
  });
  const { state } = (await response.json()) as { state?: string };
  if (state !== 'waiting_for_card')
    throw new Error(`charge ${number} is ${state ?? response.status}`);
  return performance.now() - from;
}

/** The median, in ms, of starting some charges one after the other; they stay open. */
export async function medianOfStarts(stack: Stack, first: number): Promise<number> {
  const ms: number[] = [];
  for (let n = 0; n < samples; n += 1) ms.push(await start(stack, first + n));
  return ms.toSorted((a, b) => a - b)[samples / 2] ?? Number.NaN;
}

/** Prints three medians. At most 5,000 tills: the simulator has that many terminals left. */
export async function measureWaiting(
  { stack, dintero }: { stack: Stack; dintero: SimulatorControl },
  tills: number,
): Promise<void> {
  await dintero.customer({ action: 'none' });
  const alone = await medianOfStarts(stack, 1001);
  const references = await openTills(stack, { tills, first: 5001 });
  const open = await medianOfStarts(stack, 1101);
  const stop = new AbortController();
  const waiting: Promise<void>[] = [];
  for (const [index, reference] of references.entries()) {
    waiting.push(waitOn(stack, { reference, signal: stop.signal }));
    // Tills come one by one: each first looks at its charge, then waits.
    if (index % 10 === 0) await stack.child('api').ready();
  }
  const together = await medianOfStarts(stack, 1201);
  stop.abort();
  await Promise.allSettled(waiting);
  const figures = [
    ['with nothing open', alone],
    [`with ${tills} charges open and polled`, open],
    [`and a till waiting on each of them`, together],
  ] as const;
  console.log('\nA new charge until it prompts, p50');
  for (const [what, ms] of figures) console.log(`  ${ms.toFixed(0).padStart(4)} ms ${what}`);
}

/** Opens charges that nobody pays, ten at a time; returns their sales. */
export async function openTills(
  stack: Stack,
  { tills, first }: { tills: number; first: number },
): Promise<string[]> {
  const numbers = Array.from({ length: tills }, (_, index) => first + index);
  for (let n = 0; n < numbers.length; n += 10) {
    await Promise.all(numbers.slice(n, n + 10).map(async (number) => await start(stack, number)));
  }
  return numbers.map((number) => sale(number).reference);
}

async function waitOn(
  stack: Stack,
  { reference, signal }: { reference: string; signal: AbortSignal },
): Promise<void> {
  const url = `${stack.apiUrl}/charges/${reference}.1?wait=60`;
  while (!signal.aborted) {
    const response = await fetch(url, { signal });
    await response.text();
  }
}
