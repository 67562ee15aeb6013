import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { OpenApiDocument } from "../openapi-document.server";
import { type OperationLink, operationLinks, operationOf } from "./operation";
import { script, style } from "./reference-files";
import { indexMain, layout, operationMain, type ReferenceTheme, referencePath, unknownMain } from "./reference-html.server";

const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
].join("; ");

const safe = { "x-content-type-options": "nosniff", "referrer-policy": "same-origin" };

/** The theme chosen on a page. */
const themeOf = (cookie = "") => (/(?:^|;\s*)theme=(light|dark)(?:;|$)/.exec(cookie)?.[1] ?? "system") as ReferenceTheme;

type Options = { describe: () => Promise<OpenApiDocument>; origin: string | null };

type Shown = { title: string; main: string };

/** Serves the API reference, a page for each operation. What a page shows is built once. */
export async function referencePages(app: FastifyInstance, { describe, origin }: Options) {
  let links: readonly OperationLink[] | undefined;
  /** By id of the operation, and by host if examples depend on it. */
  const shown = new Map<string, Shown>();

  async function build(request: FastifyRequest, id: string | undefined): Promise<Shown | null> {
    const document = await describe();
    if (id === undefined)
      return { title: "API reference", main: indexMain(document.info.description, document.tags, operationLinks(document)) };
    const operation = operationOf(document, id);
    return operation && { title: operation.summary, main: operationMain(operation, origin ?? `${request.protocol}://${request.host}`) };
  }

  async function send(request: FastifyRequest, reply: FastifyReply, id: string | undefined) {
    links ??= operationLinks(await describe());
    const name = `${origin === null ? request.host : ""} ${id ?? ""}`;
    const page = shown.get(name) ?? (await build(request, id));
    // Anybody may send any host.
    if (page && shown.size < 2 * links.length) shown.set(name, page);
    const { title, main } = page ?? { title: "No such operation", main: unknownMain };
    return reply
      .code(page ? 200 : 404)
      .headers({ ...safe, "content-security-policy": policy, "x-frame-options": "DENY", "cache-control": "no-cache", vary: "Cookie" })
      .type("text/html; charset=utf-8")
      .send(layout({ theme: themeOf(request.headers.cookie), title, main, links, current: id }));
  }

  app.get(referencePath, (request, reply) => send(request, reply, undefined));
  app.get<{ Params: { id: string } }>(`${referencePath}/:id`, (request, reply) => send(request, reply, request.params.id));
  for (const [name, type, text] of [
    ["page.css", "text/css; charset=utf-8", style],
    ["try.js", "text/javascript; charset=utf-8", script],
  ] as const) {
    app.get(`${referencePath}/${name}`, async (_request, reply) =>
      reply
        .headers({ ...safe, "cache-control": "no-cache" })
        .type(type)
        .send(text),
    );
  }
}
