/** The workflows that a worker runs; their export names are their wire names. */
export { accountOrder, accountReading } from './account-order.ts';
export { terminalCharge } from './charge.ts';
export { keepSubscription } from './keep-subscription.ts';
export { killSwitch } from './kill-switch.ts';
export { moneyCase } from './money-case.ts';
export { notifyRetailer } from './notify.ts';
export { receiptCopy } from './receipt-copy.ts';
export { terminalRefund } from './refund.ts';
export { refundOptions } from './refund-options.ts';
export { recoverRefund } from './refund-recovery.ts';
export { dayReconciliation, laterLook, scheduledReconciliation } from './reconciliation.ts';
export { terminalOperation } from './operation.ts';
export { recoverCharge, recoveryOrder } from './recovery.ts';
export { strayNews } from './stray.ts';
export { terminalLease } from './terminal-lease.ts';
