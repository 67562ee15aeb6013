import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { paths } from "~/paths";
import type { PosthogSettings } from "~/server/posthog/settings.server";

/** Parts of recordings are the largest bodies, in bytes. */
const maxBodyBytes = 4 * 1024 * 1024;
const maxResponseBytes = 1024 * 1024;
const timeoutMs = 10_000; // ms
/** Max concurrent requests. posthog-js retries those beyond them. */
const maxBatchSize = 50;

const posts = new Set(["/e/", "/i/v0/e/", "/s/"]);
const parameters = new Set(["ip", "_", "ver", "compression", "retry_count", "beacon", "v"]);

type Where = Pick<PosthogSettings, "host" | "projectKey">;

/** PostHog's cloud serves static assets from another host. */
export const assetsHost = (host: string) => host.replace(/^(https:\/\/(?:us|eu))\.i\.posthog\.com$/, "$1-assets.i.posthog.com");

/** The target of a request, or null if posthog-js as configured has no reason to send it. */
export function relayTarget(method: string, target: string, { host, projectKey }: Where): string | null {
  const { pathname, searchParams } = new URL(target, "http://relay.invalid");
  const path = pathname.slice(paths.relay().length);
  const query = new URLSearchParams([...searchParams].filter(([name]) => parameters.has(name))).toString();
  const withQuery = path + (query && `?${query}`);
  if (method === "POST") return posts.has(path) ? host + withQuery : null;
  return path === `/array/${projectKey}/config` ? assetsHost(host) + withQuery : null;
}

/**
 * Relays the browser's requests to PostHog, so that pages connect to this server only. Cookies are not forwarded in
 * either direction, nor the client's address.
 */
export async function relay(app: FastifyInstance, { settings }: { settings: Where }) {
  let underWay = 0;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: maxBodyBytes }, (_request, body, done) => done(null, body));

  app.route({
    method: ["GET", "POST"],
    url: `${paths.relay()}/*`,
    bodyLimit: maxBodyBytes,
    async handler(request, reply) {
      const target = relayTarget(request.method, request.raw.url ?? "", settings);
      if (target === null) return refuse(reply, 404);
      if (underWay >= maxBatchSize) return refuse(reply, 503);
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
  const response = await fetch(target, {
    method: request.method,
    headers,
    body,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
  });
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
    if (size > maxResponseBytes) throw new Error("the answer is too large");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
