/** From bytes to a validated value, or to a problem that names each field, what is wrong and the way out. */
import type { Request } from 'express';
import * as z from 'zod';
import { holdsCardNumber } from '../workflows/card-number.ts';
import { Problem, type FieldError } from './problems.ts';

type Where = 'body' | 'path' | 'query';

const nothingToSend: Record<Where, string> = {
  body: 'Send {}, or no body',
  path: 'Leave it out',
  query: 'Leave it out',
};

/** Validates the JSON body; an empty one counts as `{}`, so that an order without options needs none. */
export function bodyOf<S extends z.ZodType>(req: Request, schema: S): z.output<S> {
  const text: unknown = req.body;
  if (typeof text !== 'string' || text === '') return validate(schema, {}, 'body');
  if (req.is('application/json') === false) {
    throw new Problem(
      'unsupported_media_type',
      `The body's type is ${req.get('content-type') ?? 'not given'}: send Content-Type: application/json.`,
    );
  }
  return validate(schema, parseJson(text), 'body');
}

export function validate<S extends z.ZodType>(
  schema: S,
  value: unknown,
  where: Where,
): z.output<S> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw invalidRequest(
    result.error.issues.flatMap((issue) => fieldErrors(issue, { schema, value, where })),
  );
}

/** Enough to mend a request by; a body of garbage must not come back larger than it went in. */
const errorsMax = 20;

export function invalidRequest(errors: FieldError[], cause?: unknown): Problem {
  return new Problem(
    'invalid_request',
    `\`errors\` says what is wrong with ${namesOf(errors)}, and the way out.`,
    { errors: errors.slice(0, errorsMax), cause },
  );
}

/** The first fields that are wrong, each once: what is wrong with them stands in `errors` alone. */
export function namesOf(errors: readonly FieldError[]): string {
  const names = [...new Set(errors.map(({ field }) => field))];
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return `${names.slice(0, 3).join(', ')}${more}`;
}

/** The account is part of the ids that Dintero makes: a till of the sandbox must not prompt in production, nor the reverse. */
export function assertOwnAccount(
  terminalId: string,
  accountId: string,
  field = 'terminal_id',
): void {
  if (terminalId.startsWith(`${accountId}-`)) return;
  throw invalidRequest([
    {
      field,
      problem: `belongs to another Dintero account than ${accountId} (got ${terminalId})`,
      hint: `Send one of ${accountId}, or ask the service of the other environment`,
    },
  ]);
}

/** With auto-capture Dintero waits for nobody's word. */
export function holdsInVain(): Problem {
  const problem = 'is not possible: this service captures by itself (CAPTURE_MODE=auto)';
  const hint = 'Leave it out, or have the service run with CAPTURE_MODE=manual';
  return invalidRequest([{ field: 'capture', problem, hint }]);
}

/** JSON, strictly: a member given twice is refused, because readers differ in which of the two they believe. */
function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    const problem = `is not JSON (${cause instanceof Error ? cause.message : 'unreadable'})`;
    throw invalidRequest([{ field: 'body', problem, hint: 'Send one JSON object in UTF-8' }]);
  }
  const repeated = repeatedMember(text);
  if (repeated !== null) {
    const hint = 'Send every field once';
    throw invalidRequest([{ field: shorten(repeated), problem: 'is given twice', hint }]);
  }
  return value;
}

/** The name of the first member that one object holds twice; `text` is known to be valid JSON. */
export function repeatedMember(text: string): string | null {
  const open: Set<string>[] = [];
  for (const match of text.matchAll(/("(?:[^"\\]|\\.)*")(\s*:)?|[{}]/gs)) {
    const [token, string, colon] = match;
    if (token === '{') open.push(new Set());
    else if (token === '}') open.pop();
    else if (string !== undefined && colon !== undefined) {
      const name = JSON.parse(string) as string;
      const members = open.at(-1);
      if (members?.has(name) === true) return name;
      members?.add(name);
    }
  }
  return null;
}

type Issue = z.core.$ZodIssue;

function fieldErrors(
  issue: Issue,
  of: { schema: z.ZodType; value: unknown; where: Where },
): FieldError[] {
  if (issue.code === 'unrecognized_keys') {
    const fields = fieldsIn(schemaAt(of.schema, issue.path)).join(', ');
    const known = fields === '' ? nothingToSend[of.where] : `Known are ${fields}`;
    return issue.keys.map((key) => ({
      field: fieldName([...issue.path, shorten(key)], of.where),
      problem: 'is not a known field',
      hint: known,
    }));
  }
  const value = valueAt(of.value, issue.path);
  return [
    {
      field: fieldName(issue.path, of.where),
      problem: problemOf(issue, value),
      hint: hintOf(schemaAt(of.schema, issue.path)),
    },
  ];
}

function problemOf(issue: Issue, value: unknown): string {
  if (value === undefined) return issue.code === 'custom' ? issue.message : 'is missing';
  // Messages of our own read on from the field's name; zod's need an introduction.
  const isOurs = issue.code === 'custom' || /^(is|are|add|repeat|belongs)\b/.test(issue.message);
  const message = isOurs ? issue.message : `is wrong: ${issue.message}`;
  return typeof value === 'object' && value !== null ? message : `${message} (got ${show(value)})`;
}

/** Enough to recognise a value, too little to leak a long one. */
function show(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : JSON.stringify(value);
  return holdsCardNumber(text) ? 'what is not repeated here' : shorten(text);
}

function shorten(text: string): string {
  return text.length > 40 ? `${text.slice(0, 40)}...` : text;
}

function fieldName(path: readonly PropertyKey[], where: string): string {
  const name = path
    .map((key) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('');
  return name === '' ? where : name.replace(/^\./, '');
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}

function schemaAt(schema: z.ZodType, path: readonly PropertyKey[]): z.ZodType | undefined {
  let at: z.ZodType | undefined = schema;
  for (const key of path) {
    at = unwrap(at);
    if (at instanceof z.ZodObject) at = shapeOf(at)[String(key)];
    else if (at instanceof z.ZodArray) at = at.element as z.ZodType;
    else return undefined;
  }
  return at;
}

/** A field that may be left out carries its description outside or inside, its shape inside. */
function insideOf(schema: z.ZodType): z.ZodType | undefined {
  const mayBeLeftOut =
    schema instanceof z.ZodOptional ||
    schema instanceof z.ZodExactOptional ||
    schema instanceof z.ZodDefault;
  return mayBeLeftOut ? (schema.unwrap() as z.ZodType) : undefined;
}

function unwrap(schema: z.ZodType | undefined): z.ZodType | undefined {
  const inside = schema === undefined ? undefined : insideOf(schema);
  return inside === undefined ? schema : unwrap(inside);
}

/** The way out: the field's own description, or which members the object has. */
function hintOf(schema: z.ZodType | undefined): string {
  if (schema === undefined) return noHint;
  const { description } = schema.meta() ?? {};
  if (description !== undefined) return description;
  const inside = insideOf(schema);
  if (inside !== undefined) return hintOf(inside);
  if (!(schema instanceof z.ZodObject)) return noHint;
  const fields = fieldsIn(schema);
  return fields.length === 0
    ? nothingToSend.body
    : `Send one JSON object with ${fields.join(', ')}`;
}

const noHint = 'See /docs';

function shapeOf(schema: z.ZodObject): Record<string, z.ZodType> {
  return schema.shape as Record<string, z.ZodType>;
}

function fieldsIn(schema: z.ZodType | undefined): string[] {
  const inner = unwrap(schema);
  return inner instanceof z.ZodObject ? Object.keys(shapeOf(inner)) : [];
}
