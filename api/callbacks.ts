/**
 * Dintero's session callbacks. They are answered 200 only after Temporal has stored the news (or there is nothing to
 * store), 503 when it could not: a 4xx would end Dintero's retries for ever, and so would be our fault made permanent.
 * The body is never read: it is not signed, and the charge reads Dintero itself.
 */
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import {
  chargeWorkflowId,
  transactionReported,
  type TransactionReport,
} from '../workflows/messages.ts';
import type { Metrics } from './metrics.ts';
import { chargePathSchema } from './schemas.ts';
import { verifySignature, type SignatureVerdict } from './signature.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';
import type { Timings } from './timings.ts';

/** What became of a callback, as it is counted. */
type CallbackKind =
  | 'accepted'
  | 'stale'
  | 'unsigned'
  | 'coalesced'
  | 'bad_signature'
  | 'malformed'
  | 'stray'
  | 'unstored';

export interface CallbackDeps {
  temporal: Temporal;
  accountId: string;
  signatureSecrets: readonly string[];
  publicUrl: string | null;
  timings: Timings;
  metrics: Metrics;
}

/** Charges whose hints are remembered: more than can be open in a large chain, and a few MB at most. */
const hintsMax = 10_000;

export class Callbacks {
  readonly #deps: CallbackDeps;
  /** Running or stored hints; whoever joins one gets its answer, so a 200 always stands for a stored signal. */
  readonly #hints: LRUCache<string, Promise<CallbackKind>>;

  constructor(deps: CallbackDeps) {
    this.#deps = deps;
    this.#hints = new LRUCache({ max: hintsMax, ttl: deps.timings.hintGap });
  }

  /** The status to answer with. */
  async receive(req: Request, log: Logger): Promise<200 | 503> {
    const kind = await this.#handle(req, log);
    this.#deps.metrics.callbacks.inc({ kind });
    return kind === 'unstored' ? 503 : 200;
  }

  async #handle(req: Request, log: Logger): Promise<CallbackKind> {
    const path = chargePathSchema.safeParse(req.params);
    if (!path.success) {
      log.warn('A callback names no charge id that could be ours');
      return 'malformed';
    }
    const chargeId = path.data.charge_id;
    const query = req.originalUrl.split('?').slice(1).join('?');
    const verdict = this.#verdict(req, { chargeId, query });
    if (verdict === 'bad') {
      log.warn(
        'A callback has a bad signature: nothing was done. Check DINTERO_SIGNATURE_SECRET, PUBLIC_URL and DINTERO_ACCOUNT_ID',
      );
      return 'bad_signature';
    }
    if (verdict === 'good') {
      const error = knownError(new URLSearchParams(query).get('error'));
      return await this.#signal(chargeId, { error, source: 'callback' }, log);
    }
    return await this.#hint(chargeId, verdict, log);
  }

  #verdict(
    req: Request,
    { chargeId, query }: { chargeId: string; query: string },
  ): SignatureVerdict | 'unsigned' {
    const { signatureSecrets, publicUrl, accountId } = this.#deps;
    if (signatureSecrets.length === 0 || publicUrl === null) return 'unsigned';
    const { hostname, pathname } = callbackUrl(publicUrl, chargeId);
    return verifySignature(
      {
        header: req.get('dintero-signature'),
        accountId,
        method: req.method,
        hostname,
        pathname,
        query,
        nowSeconds: Math.floor(Date.now() / 1000),
      },
      signatureSecrets,
    );
  }

  /** Anybody may send these: they are worth one look at Dintero, and not more than one in ten seconds. */
  async #hint(chargeId: string, verdict: 'stale' | 'unsigned', log: Logger): Promise<CallbackKind> {
    const running = this.#hints.get(chargeId);
    if (running !== undefined) return (await running) === 'unstored' ? 'unstored' : 'coalesced';
    const sent = this.#signal(chargeId, { error: null, source: `callback (${verdict})` }, log);
    this.#hints.set(chargeId, sent);
    const kind = await sent;
    if (kind === 'unstored') this.#hints.delete(chargeId);
    return kind === 'accepted' ? verdict : kind;
  }

  async #signal(chargeId: string, report: TransactionReport, log: Logger): Promise<CallbackKind> {
    const { temporal, timings } = this.#deps;
    const handle = temporal.client.workflow.getHandle(chargeWorkflowId(chargeId));
    try {
      await temporal.connection.withDeadline(Date.now() + timings.callback, () =>
        handle.signal(transactionReported, report),
      );
      return 'accepted';
    } catch (err) {
      if (err instanceof WorkflowNotFoundError) {
        log.info('A callback is for a charge that has ended or is not known');
        return 'stray';
      }
      if (!isTemporalFailure(err)) throw err;
      log.warn({ err }, 'A callback could not be stored: answered 503, Dintero sends it again');
      return 'unstored';
    }
  }
}

/** Where Dintero was told to call for this charge. */
export function callbackUrl(publicUrl: string, chargeId: string): URL {
  const base = publicUrl.replace(/\/+$/, '');
  return new URL(`${base}/webhooks/dintero/charges/${chargeId}`);
}

/** The words that the dossier knows (5.1); any other is only a reason to look. */
function knownError(word: string | null): TransactionReport['error'] {
  return word === 'cancelled' || word === 'authorization' || word === 'failed' ? word : null;
}
