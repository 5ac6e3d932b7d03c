import { describe, expect, it } from 'vitest';
import { signCallback } from '../../simulator/signature.ts';

const secret = 'whsec-sandbox-7f3a';
const hook = 'https://pay.example.test/hooks/dintero/cb';

/** V0 is Dintero's own published example ("validating callbacks"). */
const vectors = [
  {
    name: 'V0',
    secret: '123',
    timestamp: 1582236537,
    accountId: 'P00000000',
    method: 'GET',
    url: 'https://example.com/callback?B=123&A=992',
    hex: '6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a',
  },
  {
    name: 'V1',
    secret,
    timestamp: 1784625331,
    accountId: 'T90001234',
    method: 'POST',
    url: `${hook}?method=POST&report_error=true&report_event=CAPTURE&report_event=REFUND&report_event=VOID&sid_parameter_name=sid&transaction_id=T90001234.5AbCdEfGhJkLmNpQrStUvW&sid=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&merchant_reference=till%207%2Fsale%2B42&time=2026-07-21T09%3A15%3A30.123Z`,
    hex: '2d3f0bdcf8ade9d7b6d06e271032c363fba2ee477c2e0eeea3902b429824aeca',
  },
  {
    name: 'V2',
    secret,
    timestamp: 1784625363,
    accountId: 'T90001234',
    method: 'POST',
    url: `${hook}?method=POST&report_error=true&error=cancelled&merchant_reference=S-1001&session_id=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&time=2026-07-21T09%3A16%3A02.000Z`,
    hex: 'f823cb85adf827f425721524a2764e3cf688a6462f9a03fb88c83118808da4e4',
  },
  {
    name: 'V3',
    secret,
    timestamp: 1784625400,
    accountId: 'T90001234',
    method: 'GET',
    url: 'https://pay.example.test:8443/hooks/dintero/cb?merchant_reference=K%C3%A5l%20og%20p%C3%B8lse&transaction_id=T90001234.x&session_id=T90001234.y&time=2026-07-21T09:15:30Z',
    hex: '74ab5a3d5553778ae8f7817775475deed51178fc92ded19275d304d8de50c1e0',
  },
];

describe('signCallback', () => {
  it.each(vectors)('agrees with vector $name', ({ name: _name, hex, ...input }) => {
    expect(signCallback(input)).toBe(`t=${input.timestamp},v0-hmac-sha256=${hex}`);
  });
});
