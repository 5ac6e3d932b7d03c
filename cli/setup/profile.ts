/**
 * What a payment profile says of itself: `GET /admin/session/profiles/{id}` of Dintero's Checkout API. Which methods a
 * session really has, Dintero decides: what a profile does not name is not proven to be off.
 */
import { z } from 'zod';
import { parseJson } from '../../activities/dintero/token.ts';
import { describeAttempt, type Attempt } from '../../activities/failures.ts';
import { finding, ok, type Finding } from './findings.ts';

const product = z.looseObject({ enabled: z.boolean() });

const profileAnswer = z.looseObject({
  configuration: z
    .looseObject({
      auto_capture: z.boolean().nullish().catch(null),
      active_payment_types: z.object({ enabled: z.boolean() }).nullish().catch(null),
    })
    .nullish(),
});

const inPerson = 'seitatech.in_person';

const group = z.record(z.string(), z.unknown());

/** Every `<type>.<product>` with a word about whether it is on. */
function productsIn(configuration: object): Map<string, boolean> {
  const found = new Map<string, boolean>();
  for (const [type, inside] of Object.entries(configuration)) {
    for (const [name, value] of Object.entries(group.safeParse(inside).data ?? {})) {
      const parsed = product.safeParse(value);
      if (parsed.success) found.set(`${type}.${name}`, parsed.data.enabled);
    }
  }
  return found;
}

const makeOne =
  'Backoffice -> Settings -> Payment Profiles: make one with Seitatech In-Person Payments and nothing else, and set DINTERO_PROFILE_ID. If Backoffice does not offer that method, Dintero has to enable in-person payments on the account.';
const byCharge = 'The first charge below shows whether it works.';

export function judgeProfile(profileId: string, attempt: Attempt): Finding {
  if (attempt.is !== 'answered' || attempt.status !== 200) {
    const found = `Profile ${profileId}: ${describeAttempt(attempt)}.`;
    if (attempt.is === 'answered' && attempt.status === 404) {
      return finding('to do', `${found} This account has no such profile.`, makeOne);
    }
    return finding('not proven', `${found} Whether it pays at terminals is not known.`, byCharge);
  }
  const parsed = profileAnswer.safeParse(parseJson(attempt.body));
  const configuration = parsed.data?.configuration ?? null;
  if (configuration === null) {
    return finding('not proven', `Profile ${profileId} does not say what it pays with.`, byCharge);
  }
  return judgeProducts(profileId, configuration);
}

function judgeProducts(
  profileId: string,
  configuration: NonNullable<z.infer<typeof profileAnswer>['configuration']>,
): Finding {
  const products = productsIn(configuration);
  const own = products.get(inPerson);
  const others = [...products].flatMap(([name, isOn]) => (isOn && name !== inPerson ? [name] : []));
  const captures = configuration.auto_capture ?? null;
  const said =
    captures === null
      ? ''
      : ` Its auto_capture is ${captures}; Kvitt sends its own with each sale.`;
  if (own === false) {
    return finding('to do', `Profile ${profileId} has ${inPerson} switched off.`, makeOne);
  }
  if (own === undefined) {
    const isOfAll = configuration.active_payment_types?.enabled === true;
    const why = isOfAll
      ? `it pays with all that the account has (active_payment_types), and does not name ${inPerson}`
      : `it does not name ${inPerson}`;
    return finding('not proven', `Profile ${profileId}: ${why}.`, byCharge, makeOne);
  }
  if (others.length === 0) return ok(`${profileId} pays with ${inPerson} and nothing else.${said}`);
  return finding(
    'note',
    `${profileId} pays with ${inPerson}, and also names ${others.slice(0, 6).join(', ')}.${said}`,
    'With other methods on, creating a session may not start the terminal: `kvitt setup --prove` shows what does. A profile for terminals alone is safer.',
  );
}
