import { createReadStream } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import type { FastifyInstance } from "fastify";
import { openApiPath } from "./openapi.server";
import { page, start, style, theme } from "./reference-page";

const files = {
  "swagger-ui.css": "text/css; charset=utf-8",
  "swagger-ui-bundle.js": "text/javascript; charset=utf-8",
  "favicon-32x32.png": "image/png",
} as const;

/** Everything from this server. The viewer sets style attributes, and its stylesheet contains images. */
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

const safe = { "x-content-type-options": "nosniff", "referrer-policy": "same-origin" };

/** The theme chosen on a page. */
const themeOf = (cookie = "") => (/(?:^|;\s*)theme=(light|dark)(?:;|$)/.exec(cookie)?.[1] ?? "system") as "system" | "light" | "dark";

/** Serves the interactive API reference. */
export async function referencePage(app: FastifyInstance) {
  const folder = path.dirname(createRequire(import.meta.url).resolve("swagger-ui-dist/package.json"));

  app.get("/docs/api", async (request, reply) =>
    reply
      .headers({ ...safe, "content-security-policy": policy, "x-frame-options": "DENY", "cache-control": "no-cache", vary: "Cookie" })
      .type("text/html; charset=utf-8")
      .send(page(themeOf(request.headers.cookie), openApiPath)),
  );
  const own = {
    "theme.js": [files["swagger-ui-bundle.js"], theme],
    "start.js": [files["swagger-ui-bundle.js"], start(openApiPath)],
    "page.css": [files["swagger-ui.css"], style],
  } as const;
  for (const [name, [type, text]] of Object.entries(own)) {
    app.get(`/docs/api/${name}`, async (_request, reply) =>
      reply
        .headers({ ...safe, "cache-control": "no-cache" })
        .type(type)
        .send(text),
    );
  }
  for (const [name, type] of Object.entries(files)) {
    app.get(`/docs/api/${name}`, async (_request, reply) =>
      reply
        .headers({ ...safe, "cache-control": "public, max-age=3600" })
        .type(type)
        .send(createReadStream(path.join(folder, name))),
    );
  }
}
