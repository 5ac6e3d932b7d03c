/** The failure scenarios of a start. */
import { promise, charges, strangers, dintero, http, killed, type Row } from './shown-by.ts';

export const starting: Row[] = [
  [
    1,
    'POS sends the same start twice (double tap, retry)',
    'One workflow per charge id, one prompt; every repetition is answered with the charge as it is.',
    promise('the same request at once gives one charge and one prompt'),
    charges('makes one charge of fifty equal requests at once'),
  ],
  [
    2,
    'Same key, different amount',
    'Refused with 422, naming what differs; the first charge is untouched, also after it closed.',
    promise('another amount under the same id is refused, while it runs and after it closed'),
  ],
  [
    3,
    'API dies after starting the workflow, before answering',
    'The repeated request finds the running workflow; nothing is prompted again.',
    killed('answer recorded'),
    killed('closed, unanswered'),
  ],
  [
    4,
    'Session create times out, session was created and terminal is prompting',
    'The create is never sent again. The session is looked for by the sale’s reference, by terminal and time, and where callbacks point, and adopted once a read shows our reference.',
  ],
  [
    5,
    'Session create times out, nothing was created',
    'The charge ends as `session_lost` once its prompt, had there been one, must be dead; the till is offered the next attempt. The design makes that a new charge, never a second create.',
  ],
  [
    6,
    'Session create returns 5xx but did create',
    'The same as 4: an answer that is no clear refusal is ambiguous.',
  ],
  [
    7,
    'Worker crashes between create call and its recording',
    'The create has one attempt: a worker that dies leaves it ambiguous, and it is looked for as in 4.',
    killed('Dintero committed'),
    killed('answer read'),
  ],
  [
    8,
    'Auth token expired or revoked mid-charge',
    'One repetition with a fresh token. Refused again before the prompt, the charge ends as `dintero_refuses_us`; later it stays open with that attention and reads on. Never “declined”.',
    dintero('%s is asked once more with a fresh token after a 401'),
    dintero('reports wrong credentials as a refusal of us, not of the payment'),
  ],
  [
    9,
    'PSP answers 429',
    'Retry-After is honoured: before the prompt inside the window of sending, then `dintero_busy`; reads wait for it. The deadline counts from the start, so that a cashier never waits for longer than it says.',
    dintero('waits as Retry-After says inside the window, and sends once it may'),
    dintero('gives up when Retry-After is past the window, as certainly unprocessed'),
  ],
  [
    10,
    'Terminal not active, wrong store, unknown id',
    'With its store named, Dintero’s refusal of the only create ends the charge as `rejected`. Named alone, the terminal is looked up first, and one that is not active ends it as `terminal_unavailable`. Nobody is prompted, and the terminal is free.',
    'test/workflows/catalogue.test.ts > is not active',
  ],
  [
    11,
    'Terminal busy with another register',
    '`terminal_busy`, naming the charge, the refund or the operation that holds it; it is never taken over.',
    promise('a busy terminal is never taken over, and its holder is named'),
  ],
  [
    12,
    'Terminal offline',
    'Published to nobody: the session is cancelled, `terminal_unavailable`. Where Dintero cannot tell, the deadline cancels.',
  ],
  [
    13,
    'Device reports online but is deaf after idle time',
    'Nothing tells a deaf device from a customer who takes his time: the deadline cancels, and the ending is proven. Devices are not marked as suspect yet.',
  ],
  [
    14,
    'Order edited after start (amount changed)',
    'The till cancels, and only a charge proven `not_charged` lets the next attempt start with another amount.',
    charges('refuses the next attempt while the one before it is open'),
    charges('starts the next attempt only after the one before it closed as not_charged'),
  ],
  [
    15,
    'Zero, negative, over-limit, wrong currency, minor-unit mix-up',
    'Refused with 400 by the schema before anything starts; there is no limit per shop yet, and an amount of the wrong size within the limits cannot be known.',
    http('amount zero'),
    http('amount above int32'),
    http('currency unknown'),
  ],
  [
    16,
    'Cancel arrives before start',
    'The charge is started already cancelled; the late start is answered with it and prompts nobody.',
    promise('a cancel that overtakes its start leaves nothing to prompt'),
    charges('racing its own POST ends in one charge, whoever is first'),
  ],
  [
    17,
    'Two stores use the same order number',
    'References are unique per Dintero account (a chain puts its store in front). Money under the same reference stops a charge before it prompts; another store’s payment is never taken for its own.',
    strangers('under the same reference, %s, stops the charge before it prompts'),
    strangers(
      'under the very id of the charge, on another terminal (%s), is never taken for its own',
    ),
  ],
  [
    18,
    'Workflow start fails because Temporal is down',
    '503, which says that repeating is safe; nothing was prompted.',
    charges('answers 503 soon when Temporal is away, and says that repeating is safe'),
  ],
];
