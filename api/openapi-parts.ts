/** What the descriptions of all routes are made of. */
import * as z from 'zod';
import type { ZodOpenApiOperationObject } from 'zod-openapi';
import { chargeSchema } from './answers.ts';
import { advices } from './cashier.ts';
import { Problem, problemBody, problemCodes, problemKinds, type ProblemCode } from './problems.ts';

export const problemSchema = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({
      description: 'What is wrong, and the way out; with `errors`, only what they are about',
    }),
    code: z.enum(problemCodes),
    advice: z.enum(advices),
    safe_to_take_other_payment: z.boolean().meta({
      description: 'False, unless the charge that comes along proves otherwise',
    }),
    errors: z
      .array(z.object({ field: z.string(), problem: z.string(), hint: z.string() }))
      .optional(),
    charge: chargeSchema.optional(),
    request_id: z.string().optional(),
  })
  .meta({ id: 'Problem' });

export const preferWait = z.object({
  prefer: z.string().optional().meta({
    description: '`wait=<seconds>`: wait for the outcome, at most 60 seconds',
    example: 'wait=30',
  }),
});

/** May befall every route that reads or orders. */
export const common: ProblemCode[] = [
  'invalid_request',
  'unauthorized',
  'temporal_unavailable',
  'internal',
];
export const withBody: ProblemCode[] = [
  ...common,
  'forbidden',
  'too_large',
  'unsupported_media_type',
];

export function problemResponses(
  codes: readonly ProblemCode[],
): ZodOpenApiOperationObject['responses'] {
  const statuses = new Set(codes.map((code) => problemKinds[code].status));
  return Object.fromEntries(
    [...statuses].map((status) => {
      const alike = codes.filter((code) => problemKinds[code].status === status);
      const examples = alike.map((code) => [code, { value: exampleOf(code) }] as const);
      return [
        String(status),
        {
          description: alike
            .map((code) => `\`${code}\`: ${problemKinds[code].meaning}`)
            .join('\n\n'),
          content: {
            'application/problem+json': {
              schema: problemSchema,
              examples: Object.fromEntries(examples),
            },
          },
        },
      ];
    }),
  );
}

function exampleOf(code: ProblemCode) {
  return problemBody(new Problem(code, problemKinds[code].meaning));
}

// An alias: an interface would lack the index signature that OpenAPI's extensions have.
type Content = { description: string; content: Record<string, { schema: z.ZodType }> };

export function json(description: string, schema: z.ZodType): Content {
  return { description, content: { 'application/json': { schema } } };
}

export function text(description: string, type: string): Content {
  return { description, content: { [type]: { schema: z.string() } } };
}

export const openRoute = { security: [] };
export const asItStands = json('As it stands: ask again after `Retry-After`', chargeSchema);
