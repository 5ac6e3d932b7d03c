/** Signed requests with known answers (dossier 5.3 and 5.4); V0 is Dintero's own published example. */

const sandbox = 'whsec-sandbox-7f3a';
const host = 'https://pay.example.test';

/** Callbacks: the signature covers the URL. */
export const callbackVectors = [
  {
    name: 'V0',
    secret: '123',
    t: 1582236537,
    accountId: 'P00000000',
    method: 'GET',
    url: 'https://example.com/callback?B=123&A=992',
    hex: '6bed2ab1b919d460ef7465a20dc6c97260dca73fab6647106ca525f0908df64a',
  },
  {
    name: 'V1',
    secret: sandbox,
    t: 1784625331,
    accountId: 'T90001234',
    method: 'POST',
    url: `${host}/hooks/dintero/cb?method=POST&report_error=true&report_event=CAPTURE&report_event=REFUND&report_event=VOID&sid_parameter_name=sid&transaction_id=T90001234.5AbCdEfGhJkLmNpQrStUvW&sid=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&merchant_reference=till%207%2Fsale%2B42&time=2026-07-21T09%3A15%3A30.123Z`,
    hex: '2d3f0bdcf8ade9d7b6d06e271032c363fba2ee477c2e0eeea3902b429824aeca',
  },
  {
    name: 'V2',
    secret: sandbox,
    t: 1784625363,
    accountId: 'T90001234',
    method: 'POST',
    url: `${host}/hooks/dintero/cb?method=POST&report_error=true&error=cancelled&merchant_reference=S-1001&session_id=T90001234.5ZyXwVuTsRqPnMkJhGfEdC&time=2026-07-21T09%3A16%3A02.000Z`,
    hex: 'f823cb85adf827f425721524a2764e3cf688a6462f9a03fb88c83118808da4e4',
  },
  {
    name: 'V3',
    secret: sandbox,
    t: 1784625400,
    accountId: 'T90001234',
    method: 'GET',
    url: 'https://pay.example.test:8443/hooks/dintero/cb?merchant_reference=K%C3%A5l%20og%20p%C3%B8lse&transaction_id=T90001234.x&session_id=T90001234.y&time=2026-07-21T09%3A15%3A30Z',
    hex: '74ab5a3d5553778ae8f7817775475deed51178fc92ded19275d304d8de50c1e0',
  },
] as const;

const oneLine =
  '{"account_id":"T90001234","event":"checkout_transaction","event_delivery":"6f1c2a34-0b5d-4e6f-8a90-1b2c3d4e5f60","transaction":{"id":"T90001234.5AbCdEfGhJkLmNpQrStUvW","session_id":"T90001234.5ZyXwVuTsRqPnMkJhGfEdC","merchant_reference":"S-1001","status":"CAPTURED","amount":12900,"currency":"NOK"}}';

export const webhookVectorSecret = 'hook-secret-91b2';

/** Account webhooks: the signature covers the bytes of the body. */
export const webhookVectors = [
  { name: 'W1', body: oneLine, hex: '24ff3b73814a056be267f5f7f1d14e640bfab755' },
  {
    name: 'W2',
    body: '{"event":"ping","note":"Kål & pølse – 10 €"}',
    hex: 'a1635d1324b463ee5e44d95bb8d40557a8c50aa1',
  },
  {
    name: 'W2, escaped',
    body: String.raw`{"event":"ping","note":"K\u00e5l & p\u00f8lse \u2013 10 \u20ac"}`,
    hex: 'f0a4faf47a90c2c8b665b223898eaebdeb717ab4',
  },
] as const;

/** The same JSON, and not the same bytes. */
export const prettyPrinted = JSON.stringify(JSON.parse(oneLine), null, 2);
