/** `/docs`: the page that shows `/openapi.json`. Everything comes from this process, so it works without a network. */
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Express, Response } from 'express';

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Kvitt API</title>
<link rel="stylesheet" href="docs/swagger-ui.css">
<link rel="icon" href="docs/favicon-32x32.png">
</head>
<body>
<div id="page"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
`;

const start = `SwaggerUIBundle({ url: 'openapi.json', dom_id: '#page', deepLinking: true, validatorUrl: null });
`;

const folder = path.dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));
const files = new Set(['swagger-ui.css', 'swagger-ui-bundle.js', 'favicon-32x32.png']);

/** Scripts and styles of this origin only; swagger-ui draws its icons from data URLs. */
const contentSecurityPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function sendDocsPage(res: Response): void {
  res.set('Content-Security-Policy', contentSecurityPolicy).type('html').send(page);
}

export function mountDocsFiles(app: Express): void {
  app.get('/docs/:file', (req, res, next) => {
    const { file } = req.params;
    if (file === 'start.js') res.type('js').send(start);
    else if (files.has(file)) res.sendFile(path.join(folder, file));
    else next();
  });
}
