/** The settings that a first user has to find: read one by one, so that each missing one says where it comes from. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { DinteroConfig } from '../../activities/dintero/config.ts';
import { exitCodes } from '../exit-codes.ts';
import { Failure } from '../failures.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** Names this command on what it makes at Dintero, so that no Kvitt takes it for a sale of its own. */
const installation = 'kvitt-setup';

export interface Settings {
  /** null: something that a call to Dintero needs is missing. */
  dintero: DinteroConfig | null;
  accountId: string | null;
  /** T: sandbox, where things are made and terminals prompt. Anything else is only read. */
  isSandbox: boolean;
  publicUrl: string | null;
  signatureSecrets: string[];
  hasWebhookSecret: boolean;
  promptMode: string;
  /** The key of a till, for charges through a Kvitt that has API_KEYS. */
  tillKey: string | null;
  /** What must be set or set right: one line each. */
  problems: string[];
  /** Values that must never be shown or written. */
  secrets: string[];
}

interface Wanted {
  name: string;
  is: RegExp;
  else: string;
}

const wanted: Wanted[] = [
  {
    name: 'DINTERO_ACCOUNT_ID',
    is: /^[PT]\d{8}$/,
    else: 'the account: T (sandbox) or P (production) and eight digits, as Backoffice shows it',
  },
  {
    name: 'DINTERO_CLIENT_ID',
    is: /^(?!your-)\S+$/,
    else: 'the id of an API client of the account, made in Backoffice',
  },
  {
    name: 'DINTERO_CLIENT_SECRET',
    is: /^(?!your-)\S+$/,
    else: 'the secret of that API client: Backoffice shows it once, when the client is made',
  },
  {
    name: 'DINTERO_PROFILE_ID',
    is: /^(default|[PT]\d{8}\.\S+)$/,
    else: 'a payment profile with Seitatech In-Person Payments: Backoffice -> Settings -> Payment Profiles',
  },
  {
    name: 'DINTERO_API_URL',
    is: /^https?:\/\/[^?#]+\/v\d/,
    else: 'https://api.dintero.com/v1 (for sandbox and production alike)',
  },
  {
    name: 'DINTERO_CHECKOUT_URL',
    is: /^https?:\/\/[^?#]+\/v\d/,
    else: 'https://checkout.dintero.com/v1 (for sandbox and production alike)',
  },
];

/** The process's environment, over the lines of a file; a file that was named and cannot be read is a failure. */
export function withEnvFile(environment: Environment, file: string | undefined): Environment {
  const path = file ?? '.env';
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (file === undefined) return environment;
    throw new Failure(exitCodes.invalid, {
      problem: { title: `${path} cannot be read`, detail: String(cause) },
      wayOut: 'Name another file with --env-file.',
      cause,
    });
  }
  const given = Object.entries(environment).filter(([, value]) => (value ?? '') !== '');
  return { ...parseEnv(text), ...Object.fromEntries(given) };
}

export function readSettings(environment: Environment): Settings {
  const get = (name: string): string | null => {
    const value = environment[name]?.trim() ?? '';
    return value === '' ? null : value;
  };
  const problems = [
    ...wanted.flatMap(({ name, is, else: what }) => {
      const value = get(name);
      if (value === null) return [`${name} is missing: ${what}.`];
      return is.test(value) ? [] : [`${name} is not usable: it must be ${what}.`];
    }),
    ...prefixProblems(get('DINTERO_ACCOUNT_ID'), get('DINTERO_PROFILE_ID')),
    ...pairProblems(get('DINTERO_ACCOUNT_CLIENT_ID'), get('DINTERO_ACCOUNT_CLIENT_SECRET')),
  ];
  const accountId = get('DINTERO_ACCOUNT_ID');
  const publicUrl = get('PUBLIC_URL')?.replace(/\/+$/, '') ?? null;
  const signatureSecrets = listOf(get('DINTERO_SIGNATURE_SECRET'));
  const secretNames =
    /^(DINTERO|KVITT|API|OPS|WEBHOOK|TEMPORAL)_.*(SECRET|TOKEN|KEY)|^(API_KEYS|OPS_TOKENS)$/;
  return {
    dintero: problems.length === 0 ? dinteroConfig(get) : null,
    accountId,
    isSandbox: accountId?.startsWith('T') === true,
    publicUrl,
    signatureSecrets,
    hasWebhookSecret: get('DINTERO_WEBHOOK_SECRET') !== null,
    promptMode: get('PROMPT_MODE') ?? 'create',
    tillKey: get('KVITT_TILL_KEY'),
    problems,
    secrets: Object.keys(environment)
      .filter((name) => secretNames.test(name))
      .flatMap((name) => listOf(get(name)))
      .filter((value) => value.length >= 6),
  };
}

function dinteroConfig(get: (name: string) => string | null): DinteroConfig {
  const need = (name: string): string => get(name) ?? '';
  const clientId = get('DINTERO_ACCOUNT_CLIENT_ID');
  return {
    checkoutUrl: need('DINTERO_CHECKOUT_URL').replace(/\/+$/, ''),
    apiUrl: need('DINTERO_API_URL').replace(/\/+$/, ''),
    accountId: need('DINTERO_ACCOUNT_ID'),
    clientId: need('DINTERO_CLIENT_ID'),
    clientSecret: need('DINTERO_CLIENT_SECRET'),
    profileId: need('DINTERO_PROFILE_ID'),
    accountClient:
      clientId === null ? null : { clientId, clientSecret: need('DINTERO_ACCOUNT_CLIENT_SECRET') },
    // What this command makes calls nobody back: a running Kvitt would take it for news.
    publicUrl: null,
    installation,
  };
}

/** Sandbox and production have the same digits: a profile of the one is unknown to the other. */
function prefixProblems(accountId: string | null, profileId: string | null): string[] {
  const owner = /^([PT]\d{8})\./.exec(profileId ?? '')?.[1];
  if (accountId === null || owner === undefined || owner === accountId) return [];
  return [`DINTERO_PROFILE_ID is of ${owner}, and DINTERO_ACCOUNT_ID is ${accountId}.`];
}

function pairProblems(clientId: string | null, clientSecret: string | null): string[] {
  if ((clientId === null) === (clientSecret === null)) return [];
  return ['DINTERO_ACCOUNT_CLIENT_ID and DINTERO_ACCOUNT_CLIENT_SECRET belong together.'];
}

function listOf(text: string | null): string[] {
  return (text ?? '')
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
}
