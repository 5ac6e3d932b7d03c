import { randomBytes } from 'node:crypto';
import type { DinteroRequest } from './routes.ts';
import { Refusal, type World } from './world.ts';

/** What callbacks are signed with now; without one they carry no signature. */
export function signatureSecretOf(world: World): string | undefined {
  return (
    world.store.tables.setting.get('global')?.signature_secret ?? world.options.signatureSecret
  );
}

/** A new secret for callbacks; the one before is forgotten (dossier 5.3). The answer's shape is not documented. */
export function makeSignatureSecret(world: World): { secret: string } {
  const secret = randomBytes(24).toString('hex');
  const settings = world.store.tables.setting.get('global') ?? { behaviour: {} };
  world.store.save('setting', 'global', { ...settings, signature_secret: secret });
  return { secret };
}

/** This one call takes a key of the account instead of a token. */
export function assertApiKey(world: World, request: DinteroRequest): void {
  if (request.header('x-api-key') !== world.options.apiKey) throw new Refusal(401, 'invalid key');
}
