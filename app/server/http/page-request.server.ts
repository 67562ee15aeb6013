import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { type Arrival, arrivalOf } from "~/server/arrival.server";
import type { Env } from "~/server/env.server";
import { sendPlainPage } from "./plain-page.server";
import { cspNonceOf } from "./security.server";

/** What a page needs of its request besides method, URL, headers and body. */
export type PageRequest = Arrival & { nonce: string /** The request's id in the log. */; id: string };

/** Carries the `PageRequest` to the page process. A client's own header of this name is dropped. */
export const pageRequestHeader = "x-latchkey-page-request";

export const pageRequestOf = (request: FastifyRequest, reply: FastifyReply, env: Pick<Env, "publicUrl" | "trustProxy">): PageRequest => ({
  ...arrivalOf(request, env),
  nonce: cspNonceOf(reply.raw),
  id: request.id,
});

const forwarded = new WeakMap<IncomingMessage, PageRequest>();

/** What the server sent along, which nothing else sees. Only the server can connect to the page process. */
export function forwardedPageRequest(request: IncomingMessage): PageRequest {
  const page = forwarded.get(request) ?? (JSON.parse(String(request.headers[pageRequestHeader])) as PageRequest);
  delete request.headers[pageRequestHeader];
  forwarded.set(request, page);
  return page;
}

/** Returns null if the URL is not one that a browser sends. */
export function addressOf(url: string | undefined, origin: string): URL | null {
  const address = `${origin}${url}`;
  return url?.startsWith("/") && URL.canParse(address) ? new URL(address) : null;
}

/** Page URLs have few parameters. Parsing thousands would take longer than the page. */
const maxParameters = 200;

/** Returns why a URL is refused before Remix handles it, or null. */
function refusalOf({ searchParams }: URL): string | null {
  // Remix's former data requests. No page uses them, and Remix logs each as an error.
  if (searchParams.has("_data")) return "This address cannot be answered. Open the page without _data.";
  if (searchParams.getAll("index").length > 1 || searchParams.getAll("_routes").length > 1)
    return "A parameter was given more than once. Open the page again.";
  return searchParams.size > maxParameters ? `An address has up to ${maxParameters} parameters. Leave some of them out.` : null;
}

export type AnswerPage = (request: FastifyRequest, reply: FastifyReply, page: PageRequest, address: URL) => Promise<FastifyReply>;

/** Serves all URLs without another route. Bodies are left unread. */
export function routePages(
  app: FastifyInstance,
  pageRequest: (request: FastifyRequest, reply: FastifyReply) => PageRequest,
  answer: AnswerPage,
): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", (_request, _payload, done) => done(null));
  app.route({
    method: ["PUT", "PATCH", "DELETE", "OPTIONS"],
    url: "*",
    handler: async (_request, reply) => sendPlainPage(reply.header("allow", "GET, HEAD, POST"), 405, "This page answers GET and POST."),
  });
  app.route({
    method: ["GET", "HEAD", "POST"],
    url: "*",
    handler: async (request, reply) => {
      const page = pageRequest(request, reply);
      const address = addressOf(request.raw.url, page.origin);
      if (!address) return sendPlainPage(reply, 400, "This address cannot be read. Check it and try again.");
      const refusal = refusalOf(address);
      return refusal === null ? answer(request, reply, page, address) : sendPlainPage(reply, 400, refusal);
    },
  });
}
