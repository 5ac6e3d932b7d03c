/** `/runbook`: the whole runbook, for whoever has neither a key nor a network. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { anchorOf, guides, type GuideList } from '../../api/explain.ts';
import { startApi, type Answer, type RunningApi } from './api-harness.ts';

const keys = [{ name: 'till', sha256: 'a'.repeat(64) }];
const anchors = Object.entries(guides).flatMap(([list, guide]) =>
  Object.keys(guide).map((word) => anchorOf(list as GuideList, word)),
);

describe('/runbook', () => {
  let api: RunningApi;
  let page: Answer;
  beforeAll(async () => {
    api = await startApi('127.0.0.1:1', {
      apiKeys: keys,
      temporal: { options: { address: '127.0.0.1:1' }, namespace: 'shop floor' },
      temporalUiUrl: 'https://temporal.example.test/ui/',
    });
    page = await api.call('/runbook');
  });
  afterAll(async () => await api.end());

  test('needs no key, no Temporal and no script', () => {
    expect(page.status).toBe(200);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(page.text).not.toMatch(/<script|\son\w+=|style="/);
  });

  test('takes its style from this process', async () => {
    const [, href] = /<link rel="stylesheet" href="([^"]+)">/.exec(page.text) ?? [];
    const style = await api.call(`/${href}`);
    expect(style.headers.get('content-type')).toContain('text/css');
  });

  test.each(anchors)('has an element with the id %s', (anchor) => {
    expect(page.text).toContain(` id="${anchor}"`);
  });

  test('leads to the Temporal UI of the configuration, and to no other', () => {
    const base = 'https://temporal.example.test/ui/namespaces/shop%20floor/workflows?query=';
    const links = [...page.text.matchAll(/href="(http[^"]+)"/g)].map(([, link]) => link ?? '');
    expect(links.length).toBeGreaterThan(20);
    expect(links.filter((link) => !link.startsWith(base))).toEqual([]);
  });

  test('says how long ago by the clock of the request', () => {
    const times = [...page.text.matchAll(/StartTime%20%3C%20%27([^&]+?)%27/g)];
    const ages = times.map(([, at]) => Date.now() - Date.parse(decodeURIComponent(at ?? '')));
    const [first = 0] = ages;
    expect(ages.map((age) => Math.round((age - first) / 60_000))).toEqual([0, 50, 1430]);
    expect(Math.abs(first - 10 * 60_000)).toBeLessThan(60_000);
  });

  test('answers what it does not know as every route does', async () => {
    expect((await api.call('/runbook/other.css')).body).toMatchObject({ code: 'not_found' });
  });
});
