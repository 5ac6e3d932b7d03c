/** The dossier's acceptance list (12.4), word for word. A test per sentence carries it as its name. */
export const acceptance = {
  1: '1. Response of session create lost, customer pays: exactly one sale recorded, no second prompt.',
  2: '2. Same, customer never pays: attempt ends as "no charge" only after the resolve deadline.',
  3: '3. Callback only / polling only / webhook only each lead to the same final state; all three together too.',
  4: '4. Partial refund response lost: refunded once, found through `event_reference`.',
  5: "5. Cancel vs approve race: final state equals the vendor's, money and ledger agree.",
  6: '6. Auto-captured sale "cancelled" by cashier afterwards becomes an open case with a terminal refund offered, never a void and never an unattended refund call.',
  7: '7. `UNKNOWN` blocks the sale and terminal until resolved.',
  8: '8. Signature vectors V0-V3, W1-W2 pass; pretty-printed W1 fails; stale timestamp answered 200 and resolved by fetch.',
  9: '9. 202 refund: pending shown, second refund refused, completion correlates by `event-request-id`.',
  10: '10. Daily reconciliation finds an orphan charge created by a "ghost" session; it ends as an open case, since nothing can be refunded without the cardholder.',
  11: '11. Terminal refund refused by the customer: money, ledger and case unchanged, terminal usable, a new refund needs a new intent.',
  12: "12. Refund offered only on `ACTIVE` terminals of the sale's payout destination; none available -> clear message, case stays open.",
  13: '13. Two-phase mode: ledger commit fails after approval -> automatic void, no customer action; crash between approval and capture -> resumed, captured or voided exactly once.',
  14: '14. The refund prompt and the next sale cannot collide on one terminal.',
} as const;
