import type { Stack } from '../stack.ts';

/** One request of a till or a person; what is not answered well ends the demo. */
export async function askApi<Answer>(
  { apiUrl }: Pick<Stack, 'apiUrl'>,
  method: string,
  path: string,
  body?: object,
  headers: Record<string, string> = {},
): Promise<Answer> {
  const response = await fetch(apiUrl + path, {
    method,
    headers: { 'content-type': 'application/json', ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as Answer & { detail?: string };
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${answer.detail ?? ''}`);
  return answer;
}
