/**
 * Dintero's session callbacks. They are answered 200 only after Temporal has stored the news (or there is nothing to
 * store), 503 when it could not: a 4xx would end Dintero's retries for ever, and so would be our fault made permanent.
 * The body is never read: it is not signed, and the charge reads Dintero itself. News of a charge that has ended, or
 * that nobody knows, is *stray*: it starts a workflow of its own, unless it says what is known already.
 */
import { WorkflowNotFoundError } from '@temporalio/common';
import type { Request } from 'express';
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import {
  chargeWorkflowId,
  searchAttributes,
  strayNewsType,
  strayWorkflowId,
  transactionReported,
  type StrayInput,
} from '../workflows/messages.ts';
import type { ChargePolicy } from '../workflows/policy.ts';
import { isFinal } from './cashier.ts';
import type { CallbackKind, Metrics } from './metrics.ts';
import { isAgreeing, newsIn, type News } from './news.ts';
import type { Reading } from './reading.ts';
import { chargePathSchema } from './schemas.ts';
import { verifySignature, type SignatureVerdict } from './signature.ts';
import { isTemporalFailure, type Temporal } from './temporal.ts';
import type { Timings } from './timings.ts';

export interface CallbackDeps {
  temporal: Temporal;
  reading: Reading;
  accountId: string;
  signatureSecrets: readonly string[];
  publicUrl: string | null;
  taskQueue: string;
  policy: ChargePolicy;
  timings: Timings;
  metrics: Metrics;
}

/** Charges whose hints are remembered: more than can be open in a large chain, and a few MB at most. */
const hintsMax = 10_000;
/**
 * Anybody may send unsigned news with invented ids, and each would start a workflow. True strays are rare; what is above
 * this gets 503, so that Dintero sends it again.
 */
const unprovenStraysPerSecond = 5;

/** Lets so many through in any second. */
export class PerSecond {
  readonly #max: number;
  /** When the last ones were let through; epoch ms. */
  #takenAt: number[] = [];

  constructor(max: number) {
    this.#max = max;
  }

  take(now: number): boolean {
    this.#takenAt = this.#takenAt.filter((at) => now - at < 1000);
    if (this.#takenAt.length >= this.#max) return false;
    this.#takenAt.push(now);
    return true;
  }
}

export class Callbacks {
  readonly #deps: CallbackDeps;
  /** Running or stored hints; whoever joins one gets its answer, so a 200 always stands for a stored signal. */
  readonly #hints: LRUCache<string, Promise<boolean>>;
  readonly #unprovenStrays = new PerSecond(unprovenStraysPerSecond);

  constructor(deps: CallbackDeps) {
    this.#deps = deps;
    this.#hints = new LRUCache({ max: hintsMax, ttl: deps.timings.hintGap });
  }

  /** The status to answer with. */
  async receive(req: Request, log: Logger): Promise<200 | 503> {
    const kind = await this.#handle(req, log);
    this.#deps.metrics.callbacks.inc({ kind });
    return kind === 'unstored' || kind === 'too_many' ? 503 : 200;
  }

  async #handle(req: Request, log: Logger): Promise<CallbackKind> {
    const { accountId } = this.#deps;
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
    return await this.store(newsIn({ chargeId, query, verdict, accountId }), log);
  }

  /** News is stored where somebody looks because of it, or is not worth a look; `unstored` is to be sent again. */
  async store(news: News, log: Logger): Promise<CallbackKind> {
    const { temporal, timings } = this.#deps;
    try {
      return await temporal.connection.withDeadline(Date.now() + timings.callback, () =>
        this.#deliver(news, log),
      );
    } catch (err) {
      if (!isTemporalFailure(err)) throw err;
      log.warn({ err }, 'News could not be stored: answered 503, Dintero sends it again');
      return 'unstored';
    }
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

  /** To the workflow that is open for the refund or the charge; otherwise it is stray. */
  async #deliver(news: News, log: Logger): Promise<CallbackKind> {
    const ofRefund =
      news.refundId === undefined ? null : await this.#tell(`refund/${news.refundId}`, news);
    if (ofRefund !== null && ofRefund !== 'coalesced') return ofRefund;
    const own = await this.#tell(chargeWorkflowId(news.chargeId), news);
    // What is coalesced stands for news that came before: the charge may have ended since.
    if (own !== null && own !== 'coalesced') return own;
    const read = await this.#deps.reading.find(news.chargeId);
    if (read !== null && !isFinal(read)) {
      // It may end between the two looks: the next delivery sees how.
      return (await this.#tell(read.workflowId, news)) ?? 'unstored';
    }
    if (read !== null && isAgreeing(read.record, news, Date.now())) return 'agrees';
    const { transactionId } = news;
    if (transactionId === null) {
      log.info('A callback without a transaction is for a charge that has ended or is not known');
      return 'stray';
    }
    log.warn({ transaction_id: transactionId }, 'A callback is for no open charge: it is followed');
    return await this.#follow({ ...news, transactionId });
  }

  /** null: that workflow has ended or is not known. */
  async #tell(workflowId: string, { report, verdict }: News): Promise<CallbackKind | null> {
    const handle = this.#deps.temporal.client.workflow.getHandle(workflowId);
    const stored = await this.#atMost(workflowId, verdict, async () => {
      try {
        await handle.signal(transactionReported, report);
        return true;
      } catch (err) {
        if (!(err instanceof WorkflowNotFoundError)) throw err;
        return false;
      }
    });
    if (stored === 'stored') return verdict === 'good' ? 'accepted' : verdict;
    return stored === 'refused' ? null : stored;
  }

  /** Stray news lives in a workflow of its own, one per transaction, that reads Dintero. */
  async #follow(news: News & { transactionId: string }): Promise<CallbackKind> {
    const { temporal, policy, taskQueue } = this.#deps;
    const { chargeId, transactionId, report, verdict } = news;
    const workflowId = strayWorkflowId(transactionId);
    const input: StrayInput = {
      transaction_id: transactionId,
      charge_id: chargeId,
      is_proven: verdict === 'good',
      policy,
    };
    const stored = await this.#together(workflowId, verdict, async () => {
      if (verdict !== 'good' && !this.#unprovenStrays.take(Date.now())) return false;
      await temporal.client.workflow.signalWithStart(strayNewsType, {
        workflowId,
        taskQueue,
        args: [input],
        signal: transactionReported,
        signalArgs: [report],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE',
        staticSummary: `news of ${transactionId} for charge ${chargeId}, which is not open`,
        typedSearchAttributes: [
          {
            key: searchAttributes.saleReference,
            value: chargeId.slice(0, chargeId.lastIndexOf('.')),
          },
        ],
      });
      return true;
    });
    if (stored === 'stored') return 'stray';
    return stored === 'refused' ? 'too_many' : stored;
  }

  /** Unproven news joins what is just being stored. Afterwards nobody may be there who looks: it is stored anew. */
  async #together(
    key: string,
    verdict: News['verdict'],
    store: () => Promise<boolean>,
  ): Promise<'stored' | 'coalesced' | 'refused'> {
    const stored = await this.#atMost(key, verdict, store);
    this.#hints.delete(key);
    return stored;
  }

  /** Unproven news is worth one look at Dintero, and not more than one in ten seconds. `store` says whether it was. */
  async #atMost(
    key: string,
    verdict: News['verdict'],
    store: () => Promise<boolean>,
  ): Promise<'stored' | 'coalesced' | 'refused'> {
    if (verdict === 'good') return (await store()) ? 'stored' : 'refused';
    const running = this.#hints.get(key);
    if (running !== undefined) return (await running) ? 'coalesced' : 'refused';
    const storing = store();
    this.#hints.set(key, storing);
    let isStored = false;
    try {
      isStored = await storing;
    } finally {
      if (!isStored) this.#hints.delete(key);
    }
    return isStored ? 'stored' : 'refused';
  }
}

/** Where Dintero was told to call for this charge. */
export function callbackUrl(publicUrl: string, chargeId: string): URL {
  const base = publicUrl.replace(/\/+$/, '');
  return new URL(`${base}/webhooks/dintero/charges/${chargeId}`);
}
