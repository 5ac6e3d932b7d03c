/** `/runbook`: `docs/runbook.md` as a page without scripts, so that the links of the Temporal UI work without a network. */
import { readFileSync } from 'node:fs';
import type { Express, Response } from 'express';
import { Marked } from 'marked';
import { gfmHeadingId } from 'marked-gfm-heading-id';

export interface TemporalUi {
  temporalUiUrl: string;
  namespace: string;
}

/** What the file's links begin with. */
const writtenUi = 'http://localhost:8233/namespaces/default/';
/**
 * Temporal compares times with fixed moments only. In the file, a moment this long after the base means "so long ago".
 */
export const ageBase = Date.UTC(2020, 0, 1);
const writtenAge = /2020-01-0\dT\d\d%3A\d\d%3A00Z/g;

const contentSecurityPolicy =
  "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const style = `:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 0 auto; padding: 1rem; }
h2 { margin-top: 3rem; border-top: 1px solid; padding-top: 1rem; }
h3 { margin-top: 2.5rem; }
:target { background: #ffe08a; color: #000; }
code, pre { font: 0.9em/1.5 ui-monospace, monospace; }
pre { padding: 0.6rem; border: 1px solid; overflow-x: auto; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { border: 1px solid; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }
`;

/** Answers with the page; it is made at the first request, and its times are those of the request. */
export function createRunbookPage(ui: TemporalUi): (res: Response) => void {
  let page: string | undefined;
  return (res) => {
    page ??= pageOf(readFileSync(new URL('../docs/runbook.md', import.meta.url), 'utf8'), ui);
    res
      .set('Content-Security-Policy', contentSecurityPolicy)
      .type('html')
      .send(withTimes(page, Date.now()));
  };
}

export function mountRunbookStyle(app: Express): void {
  app.get('/runbook/style.css', (_req, res) => {
    res.type('css').send(style);
  });
}

function pageOf(markdown: string, { temporalUiUrl, namespace }: TemporalUi): string {
  const ui = `${temporalUiUrl.replace(/\/+$/, '')}/namespaces/${encodeURIComponent(namespace)}/`;
  const marked = new Marked(gfmHeadingId());
  const body = marked.parse(markdown.replaceAll(writtenUi, ui), { async: false });
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Kvitt runbook</title>
<link rel="stylesheet" href="runbook/style.css">
</head>
<body>
${body}</body>
</html>
`;
}

function withTimes(page: string, now: number): string {
  return page.replaceAll(writtenAge, (written) => {
    const ageMs = Date.parse(decodeURIComponent(written)) - ageBase;
    return encodeURIComponent(new Date(now - ageMs).toISOString());
  });
}
