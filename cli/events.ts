/** Server-sent events, as the HTML standard writes them. */
export interface ServerEvent {
  event: string;
  data: string;
  /** How long to wait before connecting again, once the stream has said so. */
  retryMs: number | null;
}

/** The events of a stream; `onNews` is told of every chunk, heartbeats too. */
export async function* readEvents(
  body: AsyncIterable<Uint8Array>,
  onNews: () => void,
): AsyncGenerator<ServerEvent> {
  let retryMs: number | null = null;
  let event = 'message';
  let data: string[] = [];
  for await (const line of linesOf(body, onNews)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? [];
    if (line === '') {
      if (data.length > 0) yield { event, data: data.join('\n'), retryMs };
      event = 'message';
      data = [];
    } else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
    else if (field === 'retry' && /^\d{1,5}$/.test(value)) retryMs = Number(value);
  }
}

async function* linesOf(
  body: AsyncIterable<Uint8Array>,
  onNews: () => void,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    onNews();
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield line.replace(/\r$/, '');
  }
}
