import { once } from "node:events";
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { PageSupervisor } from "~/server/process/page-supervisor.server";
import type { Services } from "~/server/services.server";
import { clientSignal } from "./client-aborted";
import { type PageRequest, pageRequestHeader, pageRequestOf, routePages } from "./page-request.server";
import { refusedPage } from "./plain-page.server";

const starting = "The pages are starting. Try again in a few seconds.";
const interrupted = "The pages stopped while this was processed. Check whether your change was saved before you send it again.";
/** Seconds. */
const retryAfter = "2";

/** Headers of one connection (RFC 9110, section 7.6.1), and those that this server sets itself. */
const ofConnection = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
  "expect",
  "date",
]);

/** A page that is read has no body. */
const isRead = (method: string) => method === "GET" || method === "HEAD";

function headersToForward({ method, headers }: FastifyRequest, page: PageRequest): OutgoingHttpHeaders {
  const forwarded: OutgoingHttpHeaders = {};
  for (const [name, value] of Object.entries(headers)) {
    if (ofConnection.has(name) || (isRead(method) && name === "content-length")) continue;
    forwarded[name] = value;
  }
  forwarded[pageRequestHeader] = JSON.stringify(page);
  return forwarded;
}

function copyHeaders(headers: IncomingHttpHeaders, reply: FastifyReply): void {
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !ofConnection.has(name)) reply.header(name, value);
}

/** Rejects if the page process ends before it answers. */
async function responseTo(outgoing: ClientRequest, request: FastifyRequest): Promise<IncomingMessage> {
  if (isRead(request.method)) outgoing.end();
  else request.raw.pipe(outgoing);
  const [response] = (await once(outgoing, "response")) as [IncomingMessage];
  return response;
}

function sendAway(request: FastifyRequest, reply: FastifyReply, status: 500 | 503, sentence: string): FastifyReply {
  const { type, body } = refusedPage(request.raw.url ?? "/", request.method, status, sentence);
  if (status === 503) reply.header("retry-after", retryAfter);
  return reply.code(status).header("content-type", type).header("cache-control", "no-store").send(body);
}

type Options = { services: Services; pages: PageSupervisor };

/** Answers pages by the page process. While it is away, pages are answered 503 and everything else goes on. */
export async function forwardPages(app: FastifyInstance, { services, pages }: Options) {
  const { env, facts, log } = services;
  const pageRequest = (request: FastifyRequest, reply: FastifyReply) => pageRequestOf(request, reply, env);
  // The page process compresses its pages.
  app.addHook("onRoute", (route) => {
    route.compress = false;
  });
  routePages(app, pageRequest, async (request, reply, page) => {
    const { method, raw } = request;
    const outgoing = pages.request({ method, path: raw.url, headers: headersToForward(request, page) });
    if (outgoing === null) return sendAway(request, reply, 503, starting);
    // Reported by the response once there is one.
    outgoing.on("error", () => {});
    const signal = clientSignal(reply);
    signal.addEventListener("abort", () => outgoing.destroy(), { once: true });
    let response: IncomingMessage;
    try {
      response = await responseTo(outgoing, request);
    } catch (err) {
      raw.unpipe(outgoing).resume();
      if (signal.aborted) throw signal.reason;
      log.warn({ err, req: request }, "the page process ended before it answered");
      return isRead(method) ? sendAway(request, reply, 503, starting) : sendAway(request, reply, 500, interrupted);
    }
    // What the page changed counts for whatever is asked next.
    if (!isRead(method)) await facts.confirm();
    copyHeaders(response.headers, reply.code(response.statusCode ?? 500));
    if (method !== "HEAD") return reply.send(response);
    response.on("error", () => {}).resume();
    return reply.send();
  });
}
