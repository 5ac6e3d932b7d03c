/** What of the runbook is written by hand. */

export const beginning = `# Runbook

You are on call, and something about a payment needs a person. You need a terminal, the Temporal UI and this page. It is
made by \`npx vitest run test/runbook.test.ts -u\` from the guide in the code; the api shows it at \`/runbook\`, also without
a network.

**Nothing is lost while you read.** Every charge is kept by Temporal, all money is at Dintero, and what is unclear is read
until it is clear. Haste is the danger: what you press is done once.

- Every word that the till, an alert or a list shows has a section here: search for it, or \`npx kvitt explain <word>\`.
- A *charge* is one attempt to pay a sale: \`<reference>.<attempt>\`. A *case* is captured money that a person decides about;
  it is named by its transaction.
- A *refund* gives money of a charge back on a terminal, with the customer and the card: \`<charge_id>.R<number>\`.
  \`npx kvitt show <refund_id>\` shows one, \`npx kvitt refunds --charge <charge_id>\` those of a charge. It cannot be stopped
  from here: the customer declines, or walks away.
- Money is in minor units: 12900 NOK is 129 kroner.

## Begin here

1. Open a terminal in the folder of Kvitt. Say where the api is, and who you are: your personal token of \`/ops\`, never a
   colleague's. What you do is written down under its name. You have none: whoever runs Kvitt adds one to \`OPS_TOKENS\`.

   \`\`\`sh
   export KVITT_URL=http://localhost:8080 KVITT_TOKEN="<your token>"
   \`\`\`

2. See what waits for a person:

   \`\`\`sh
   npx kvitt stuck
   \`\`\`

3. Read one charge, with its timeline:

   \`\`\`sh
   npx kvitt show <charge_id>
   \`\`\`

4. Go to the section of its \`needs_attention\`, below. Do what **Check** says, then press the first step of **Press** that
   fits. \`<why>\` is one short sentence for whoever reads it tomorrow. No card numbers.

## The first five minutes

1. **Many charges at once, or one?** Many: it is a machine or Dintero, not a shop. Begin with [the alert that rang](#alerts).
2. **Is everything alive?** \`docker compose ps\`, and \`curl localhost:8080/readyz\`. Start what is not:
   \`docker compose up -d\`.
3. **Is Dintero alive?** Its status page. If it is down: tell the shops, stop new charges if it lasts
   ([the kill switch](#the-kill-switch)), and wait. Open charges go on by themselves.
4. **One charge:** call the shop first. A customer stands there. Say what the till says: **take no other payment unless the
   till shows that it is safe** (\`safe_to_take_other_payment\`). Then go on in the section of its word.
5. **Still unclear after the time in [the table of weights](#who-is-woken-and-when)?** Wake the next person. Write down what
   you know: \`npx kvitt note <charge_id> --text "<text>"\`.

## Never

- **Never Terminate or Reset in the Temporal UI**, nor with the \`temporal\` command. Terminate frees the terminal while it may
  still ask for a card: two customers could pay for one sale. It proves nothing, and leaves the charge without an
  ending. Reset makes the charge forget what it has sent. The UI of \`docker-compose.yml\` has neither button; others have.
  Cancel there asks to stop, but without your name: use \`npx kvitt cancel\`.
- **Never take another payment** because "it surely failed". Only when the till shows \`safe_to_take_other_payment\`.
- **Never capture, void or refund a charge of Kvitt in Dintero Backoffice** to help. Kvitt finds it, and opens a case.
- **Never refund without the customer.** Captured money of a shop goes back on a terminal, with the customer and the card.
- **Never say that you saw a terminal idle** if nobody looked just now. It is your evidence, and your name stands under it.
- **Never delete data** of Temporal or its database: a charge that is forgotten can still have money.`;

export const uiWords = `Opening a link keeps the view in the browser under its name. The columns are \`ChargeState\`, \`NeedsAttention\`,
\`StoreId\`, \`TerminalId\` and \`SaleReference\`. In a charge: its first line is the charge, then comes the timeline, what is waited
for, and what to do.`;

export const actionWords = `Every action answers what became true, or why it is refused and what would make it possible. Nothing lets you say
what Dintero contradicts. What cannot be taken back needs your name: it goes through \`npx kvitt\` (or \`POST /ops\`) only. The
rest can also be sent from the Temporal UI, as an update of the same name with one JSON object.`;

export const weightWords = `*Page*: the phone rings at once. *Ticket*: it waits for the shop or the office. *Escalates*: when it is still there
after so long, a ticket becomes a page, and a page goes to the next person. What is not listed wakes nobody.`;

export const switchWords = `It refuses new charges, for everything, for a store or for a terminal, with a text that the cashier reads
(\`switched_off\`). Open charges are followed further, and every till can still read, stop and settle. Who did it and why is
kept. It stays off until somebody switches it on.

| to | press |
|---|---|
| see what is off | \`npx kvitt switches\` |
| stop everything | \`npx kvitt off all --text "<text>" --why "<why>"\` |
| stop a store | \`npx kvitt off store <store_id> --text "<text>" --why "<why>"\` |
| stop a terminal | \`npx kvitt off terminal <terminal_id> --text "<text>" --why "<why>"\` |
| go on | \`npx kvitt on all --why "<why>"\`, or \`store <store_id>\`, or \`terminal <terminal_id>\` |

The text is for the cashier: what to do instead. "Card payment is away for an hour. Take cash." Stop when shops
take payments that cannot end (Dintero is down for long, our access is refused); do not stop for one stuck charge.`;

export const notificationWords = `The retailer's system is told of every outcome of a charge or a refund, every word that asks for a person, and every case. What
it does not take is told again for days, in order per charge, at least once.

| to | press |
|---|---|
| see what waits, and why | \`npx kvitt notifications\` |
| send those of a charge now | \`npx kvitt resend <charge_id>\` |

A notification that waits changes nothing about the money. The retailer can always read the truth: \`GET /charges/{charge_id}\`.`;
