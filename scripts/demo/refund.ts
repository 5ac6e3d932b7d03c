/** The customer of a captured charge brings a part of it back. */
import type { SimulatorControl } from '../dintero-simulator.ts';
import type { Stack } from '../stack.ts';
import { askApi } from './ask.ts';

interface Refund {
  refund_id: string;
  state: string;
  outcome: string | null;
  reason: string | null;
  refunded_amount: number | null;
}

const terminal = 'T90001234-T0009';
const amount = 4500;

/** What disagrees, as sentences. */
export async function refundPartly(
  stack: Stack,
  dintero: SimulatorControl,
  { chargeId }: { chargeId: string },
): Promise<string[]> {
  console.log(`\nThe customer brings a part of ${chargeId} back, to another terminal of the shop`);
  const startedAt = Date.now();
  const tell = (text: string): void => {
    console.log(
      `   ${((Date.now() - startedAt) / 1000).toFixed(2).padStart(6)} s  kvitt    ${text}`,
    );
  };
  const path = `/charges/${chargeId}/refunds`;
  let refund = await askApi<Refund>(stack, 'POST', path, {
    refund: 1,
    amount,
    currency: 'NOK',
    terminal_id: terminal,
    why: 'returned item',
  });
  tell(refund.state);
  await dintero.press(terminal, 'tap');
  while (refund.outcome === null && Date.now() < startedAt + 60_000) {
    refund = await askApi<Refund>(stack, 'GET', `${path}/${refund.refund_id}?wait=5`);
  }
  tell(`${refund.state}${refund.reason === null ? '' : `: ${refund.reason}`}`);
  const ledger = await dintero.ledger({ merchant_reference: chargeId });
  const back = ledger.filter(({ kind }) => kind === 'refunded');
  for (const { kind, amount: moved } of back) console.log(`             dintero  ${kind} ${moved}`);
  const problems: string[] = [];
  if (refund.outcome !== 'refunded' || refund.refunded_amount !== amount) {
    problems.push(`expected ${amount} refunded, but it is ${refund.state}`);
  }
  if (back.length !== 1 || back[0]?.amount !== amount) {
    problems.push(`the ledger shows ${back.length} refunds of ${chargeId}`);
  }
  const said = problems.length === 0 ? 'the ledger agrees' : problems.join('; ');
  console.log(`   => ${refund.state}: ${said}`);
  return problems;
}
