/**
 * The API over HTTP: one request, one answer of a known shape, or a `Failure` whose exit code says what kind. The token
 * goes into the header of the request and nowhere else.
 */
import type * as z from 'zod';
import type { CliConfig } from './config.ts';
import { readEvents, type ServerEvent } from './events.ts';
import { Failure } from './failures.ts';
import { failureOf, parsed, unexpected, unreachable } from './refusals.ts';

/** Longer than the api takes for anything: it answers within 10 s, and its streams are never silent for longer than 15. */
const timeoutMs = 30_000;
/** The most that the API lists at once. */
const pageMax = 200;

export type Query = Record<string, string | undefined>;

interface Answer<Body> {
  status: number;
  body: Body;
}

export interface Client {
  get: <Body>(path: string, schema: z.ZodType<Body>, query?: Query) => Promise<Body>;
  /** What is no JSON, as it stands. */
  text: (path: string, query?: Query) => Promise<string>;
  post: <Body>(
    path: string,
    schema: z.ZodType<Body>,
    body: object,
    headers?: Record<string, string>,
  ) => Promise<Answer<Body>>;
  /** Server-sent events, until the service or the network ends them. */
  events: (path: string) => AsyncGenerator<ServerEvent>;
}

interface Service {
  config: CliConfig;
  patienceMs: number;
}

export function createClient(config: CliConfig, patienceMs = timeoutMs): Client {
  const service = { config, patienceMs };
  return {
    get: async (path, schema, query = {}) => {
      const full = withQuery(path, query);
      return (await ask(service, { path: full, schema, init: { method: 'GET' } })).body;
    },
    text: async (path, query = {}) => {
      const init = { method: 'GET', signal: AbortSignal.timeout(patienceMs) };
      try {
        return await (await send(service, withQuery(path, query), init)).text();
      } catch (err) {
        throw err instanceof Failure ? err : unreachable(config.url, err);
      }
    },
    post: async (path, schema, body, more = {}) => {
      const headers = { 'content-type': 'application/json', ...more };
      const init = { method: 'POST', headers, body: JSON.stringify(body) };
      return await ask(service, { path, schema, init });
    },
    events: (path) => follow(service, path),
  };
}

function withQuery(path: string, query: Query): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) search.set(name, value);
  }
  return search.size === 0 ? path : `${path}?${search.toString()}`;
}

async function send({ config }: Service, path: string, init: RequestInit): Promise<Response> {
  const { url, token } = config;
  const headers = new Headers(init.headers);
  if (token !== null) headers.set('authorization', `Bearer ${token}`);
  // A redirect would turn a POST into a GET; and the token is for this address only.
  const response = await fetch(url + path, { ...init, headers, redirect: 'manual' });
  if (response.ok) return response;
  const text = await response.text();
  const what = `${init.method} ${url}${path}`;
  throw failureOf({ status: response.status, text, what, path, hasToken: token !== null });
}

async function ask<Body>(
  service: Service,
  { path, schema, init }: { path: string; schema: z.ZodType<Body>; init: RequestInit },
): Promise<Answer<Body>> {
  const { config, patienceMs } = service;
  try {
    const response = await send(service, path, {
      ...init,
      signal: AbortSignal.timeout(patienceMs),
    });
    const text = await response.text();
    const what = `${init.method} ${config.url}${path}`;
    return { status: response.status, body: parsed({ text, schema, what }) };
  } catch (err) {
    throw err instanceof Failure ? err : unreachable(config.url, err);
  }
}

async function* follow(service: Service, path: string): AsyncGenerator<ServerEvent> {
  const { config, patienceMs } = service;
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error('nothing was heard in time')), patienceMs);
  try {
    const headers = { accept: 'text/event-stream' };
    const response = await send(service, path, { method: 'GET', headers, signal: silence.signal });
    const isStream = response.headers.get('content-type')?.startsWith('text/event-stream');
    if (isStream !== true || response.body === null) {
      throw unexpected(`GET ${config.url}${path} answered without a stream of events.`);
    }
    yield* readEvents(response.body, () => timer.refresh());
  } catch (err) {
    throw err instanceof Failure ? err : unreachable(config.url, err);
  } finally {
    clearTimeout(timer);
    silence.abort();
  }
}

/** Every page of a list, up to `limit` rows. */
export async function getPages<Page extends { next_cursor: string | null }>(
  client: Client,
  {
    path,
    schema,
    query,
    limit,
    sizeOf,
  }: {
    path: string;
    schema: z.ZodType<Page>;
    query: Query;
    limit: number;
    sizeOf: (page: Page) => number;
  },
): Promise<[Page, ...Page[]]> {
  const ask = async (cursor: string | undefined, rest: number): Promise<Page> =>
    await client.get(path, schema, {
      ...query,
      limit: String(Math.min(rest, pageMax)),
      cursor,
    });
  let last = await ask(undefined, limit);
  const pages: [Page, ...Page[]] = [last];
  let rest = limit - sizeOf(last);
  // A page may be short, even empty, while there is more.
  while (last.next_cursor !== null && rest > 0) {
    const cursor = last.next_cursor;
    last = await ask(cursor, rest);
    if (last.next_cursor === cursor) throw unexpected(`GET ${path} answers the same page again.`);
    pages.push(last);
    rest -= sizeOf(last);
  }
  return pages;
}
