import type { Customer } from './customer.ts';

/**
 * Amounts (minor units) that Dintero's simulated terminals answer by themselves. Its page lists more; only this one is
 * known to us, and inventing others would pass them off as the vendor's.
 */
export const customersByAmount: ReadonlyMap<number, Customer> = new Map([
  [39900, { action: 'tap', brand: 'Visa', entry_method: 'contactless' }],
]);
