/** A copy of a JSON value with `patch` laid over it, object by object; lists are patched row by row. */
export function merge(value: unknown, patch: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map((row: unknown) => merge(row, patch));
  if (!isObject(value)) return patch;
  const merged: Record<string, unknown> = { ...value };
  for (const [key, wanted] of Object.entries(patch)) {
    merged[key] = isObject(wanted) && isObject(value[key]) ? merge(value[key], wanted) : wanted;
  }
  return merged;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
