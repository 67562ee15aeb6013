import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { paths } from "~/paths";
import type { PosthogSettings } from "./settings.server";

/** A part of a recording is the largest that comes through, in bytes. */
const largestBody = 4 * 1024 * 1024;
const largestAnswer = 1024 * 1024;
const patience = 10_000; // ms
/** Requests under way at a time; what comes beyond them posthog-js tries again by itself. */
const mostAtOnce = 50;

const posts = new Set(["/e/", "/i/v0/e/", "/s/"]);
const parameters = new Set(["ip", "_", "ver", "compression", "retry_count", "beacon", "v"]);

type Where = Pick<PosthogSettings, "host" | "projectKey">;

/** Of PostHog's cloud another host has what is the same for everybody. */
export const assetsHost = (host: string) => host.replace(/^(https:\/\/(?:us|eu))\.i\.posthog\.com$/, "$1-assets.i.posthog.com");

/** Where a request goes; null: posthog-js as we set it up has no reason to ask for this. */
export function relayTarget(method: string, target: string, { host, projectKey }: Where): string | null {
  const { pathname, searchParams } = new URL(target, "http://relay.invalid");
  const path = pathname.slice(paths.relay().length);
  const query = new URLSearchParams([...searchParams].filter(([name]) => parameters.has(name))).toString();
  const withQuery = path + (query && `?${query}`);
  if (method === "POST") return posts.has(path) ? host + withQuery : null;
  return path === `/array/${projectKey}/config` ? assetsHost(host) + withQuery : null;
}

/**
 * What the browser has for PostHog goes through here, so that pages need to speak to nobody but us. Neither side sees the
 * other's cookies, nor PostHog who asks.
 */
export async function relay(app: FastifyInstance, { settings }: { settings: Where }) {
  let underWay = 0;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: largestBody }, (_request, body, done) => done(null, body));

  app.route({
    method: ["GET", "POST"],
    url: `${paths.relay()}/*`,
    bodyLimit: largestBody,
    async handler(request, reply) {
      const target = relayTarget(request.method, request.raw.url ?? "", settings);
      if (target === null) return refuse(reply, 404);
      if (underWay >= mostAtOnce) return refuse(reply, 503);
      underWay += 1;
      try {
        return await pass(request, reply, target);
      } catch (err) {
        request.log.debug({ err }, "PostHog gave the browser no answer");
        return refuse(reply, 502);
      } finally {
        underWay -= 1;
      }
    },
  });
}

const refuse = (reply: FastifyReply, status: number) => reply.code(status).header("cache-control", "no-store").type("text/plain").send("");

async function pass(request: FastifyRequest, reply: FastifyReply, target: string) {
  const headers: Record<string, string> = {};
  for (const name of ["content-type", "user-agent"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers[name] = value;
  }
  const body = request.method === "POST" ? new Uint8Array((request.body as Buffer | undefined) ?? []) : undefined;
  const response = await fetch(target, { method: request.method, headers, body, redirect: "error", signal: AbortSignal.timeout(patience) });
  const answer = await readAll(response);
  return reply
    .code(response.status)
    .header("cache-control", "no-store")
    .type(response.headers.get("content-type") ?? "application/octet-stream")
    .send(answer);
}

async function readAll(response: Response): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > largestAnswer) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
