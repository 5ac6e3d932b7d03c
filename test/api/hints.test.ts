/** Every refusal of a request says the way out: nothing sends its reader to /docs to find out what is meant. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { openApiDocument } from '../../api/openapi.ts';
import type { FieldError, Problem } from '../../api/problems.ts';
import { validate } from '../../api/request.ts';
import { startApi, type Answer, type RunningApi } from './api-harness.ts';

let api: RunningApi;
beforeAll(async () => {
  api = await startApi('127.0.0.1:1');
});
afterAll(async () => {
  await api.end();
});

function errorsOf({ body }: Answer): FieldError[] {
  return body['errors'] as FieldError[];
}

async function post(path: string, body: string): Promise<Answer> {
  return await api.call(path, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json' },
  });
}

const request = {
  reference: 'S-1001',
  amount: 12_900,
  currency: 'NOK',
  terminal_id: 'T90001234-T0003',
};

describe('the hint', () => {
  test('of every field and parameter is its description', () => {
    const { paths = {}, components = {} } = openApiDocument();
    const missing: string[] = [];
    const look = (schema: Described | undefined, at: string): void => {
      const [, name] = /\/schemas\/(\w+)$/.exec(schema?.$ref ?? '') ?? [];
      const known =
        name === undefined ? schema : (components.schemas?.[name] as Described | undefined);
      for (const [field, member] of Object.entries(known?.properties ?? {})) {
        if (member.description === undefined) missing.push(`${at} ${field}`);
        look(member, `${at} ${field}`);
      }
      if (known?.items !== undefined) look(known.items, at);
    };
    const operations = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
        at: `${method} ${path}`,
        ...operation,
      })),
    );
    for (const { at, parameters = [], requestBody } of operations) {
      for (const { name, description, schema } of parameters) {
        if ((description ?? schema?.description) === undefined) missing.push(`${at} ${name}`);
      }
      look(requestBody?.content['application/json']?.schema, at);
    }
    expect(operations.length).toBeGreaterThan(40);
    expect(missing).toEqual([]);
  });

  test('of a field that may be left out is found inside or outside', async () => {
    const empty = await post('/charges', JSON.stringify({ ...request, items: [{}] }));
    expect(errorsOf(empty).find(({ field }) => field === 'items[0].id')).toEqual({
      field: 'items[0].id',
      problem: 'is missing',
      hint: 'The article, 1 to 100 characters',
    });
    const half = await post('/charges', JSON.stringify({ ...request, store_id: 'bergen-01' }));
    expect(errorsOf(half)).toEqual([
      {
        field: 'payout_destination_id',
        problem: 'is missing beside store_id',
        hint: expect.stringContaining('Send it and store_id, or neither') as string,
      },
    ]);
    const status = await api.call('/terminals?status=ACTIVE');
    expect(errorsOf(status)).toMatchObject([
      { field: 'status', hint: expect.stringContaining('Only `active` ones') as string },
    ]);
    const inDefault = z.object({ limit: z.string().meta({ description: '1 to 9' }).default('1') });
    expect(() => validate(inDefault, { limit: 1 }, 'query')).toThrow(
      expect.objectContaining({
        extras: expect.objectContaining({
          errors: [expect.objectContaining({ field: 'limit', hint: '1 to 9' })],
        }) as Problem['extras'],
      }) as Problem,
    );
  });

  test.each([
    ['/charges', '[]', 'body', /^Send one JSON object with reference, attempt, amount, /],
    ['/charges', '"S-1001"', 'body', /^Send one JSON object with /],
    ['/charges/S-1.1/capture', '[]', 'body', /^Send \{\}, or no body$/],
    ['/charges/S-1.1/capture', '{"amount":1}', 'amount', /^Send \{\}, or no body$/],
    ['/charges/S-1.1/refunds', '{"amuont":1}', 'amuont', /^Known are refund, amount, /],
  ])('of POST %s %s says what to send', async (path, body, field, hint) => {
    const error = errorsOf(await post(path, body)).find((one) => one.field === field);
    expect(error?.hint).toMatch(hint);
  });
});

describe('the detail', () => {
  test('names the fields and leaves what is wrong to the errors', async () => {
    const { body } = await post('/charges', '{"amount":"1","refrence":1}');
    expect(body['detail']).toMatch(/^`errors` says what is wrong with \w+, \w+, \w+ and \d more/);
    for (const { problem, hint } of body['errors'] as FieldError[]) {
      expect(body['detail']).not.toContain(problem);
      expect(body['detail']).not.toContain(hint);
    }
  });
});

interface Described {
  $ref?: string;
  description?: string;
  properties?: Record<string, Described>;
  items?: Described;
}

interface Operation {
  parameters?: { name: string; description?: string; schema?: Described }[];
  requestBody?: { content: Record<string, { schema?: Described }> };
}
