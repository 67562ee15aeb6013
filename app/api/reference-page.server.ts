import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { openApiPath } from "./openapi.server";

const files = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** Everything from here. The viewer writes styles into elements, and draws with images that its style sheet holds. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API reference · Latchkey</title>
<link rel="icon" href="/docs/api/favicon-32x32.png">
<link rel="stylesheet" href="/docs/api/swagger-ui.css">
</head>
<body>
<main id="reference"></main>
<noscript>This page needs JavaScript. The description itself is at <a href="${openApiPath}">${openApiPath}</a>.</noscript>
<script src="/docs/api/swagger-ui-bundle.js"></script>
<script src="/docs/api/start.js"></script>
</body>
</html>
`;

/** The description is the same for every server that serves this page, so requests go to where the page came from. */
const start = `SwaggerUIBundle({
  url: "${openApiPath}",
  dom_id: "#reference",
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  tryItOutEnabled: true,
  validatorUrl: null,
  persistAuthorization: false,
  requestInterceptor: (request) => {
    const { pathname, search } = new URL(request.url, location.href);
    return { ...request, url: location.origin + pathname + search };
  },
});
`;

const safe = { "x-content-type-options": "nosniff", "referrer-policy": "same-origin" };

/** For people: the API's description to read and to try. */
export async function referencePage(app: FastifyInstance) {
  const folder = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

  app.get("/docs/api", async (_request, reply) =>
    reply
      .headers({ ...safe, "content-security-policy": policy, "x-frame-options": "DENY", "cache-control": "no-cache" })
      .type("text/html; charset=utf-8")
      .send(page),
  );
  app.get("/docs/api/start.js", async (_request, reply) =>
    reply
      .headers({ ...safe, "cache-control": "no-cache" })
      .type("text/javascript; charset=utf-8")
      .send(start),
  );
  for (const [name, type] of Object.entries(files)) {
    app.get(`/docs/api/${name}`, async (_request, reply) =>
      reply
        .headers({ ...safe, "cache-control": "public, max-age=3600" })
        .type(type)
        .send(createReadStream(path.join(folder, name))),
    );
  }
}
