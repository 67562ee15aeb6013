import type { FastifyInstance, FastifyReply } from "fastify";
import type { TenantState } from "~/server/checks/subscriptions.server";
import { FactsUnavailable } from "~/server/facts/facts-cache.server";
import { shareOfBrowserKey } from "~/server/keys/rate-limits.server";
import type { Asker } from "~/server/posthog/flags/user-budget.server";
import type { Services } from "~/server/services.server";
import type { Problem } from "./http/problem.server";
import { factsUnavailable } from "./http/unavailable.server";

export const streamLimits = {
  /** Open streams of one process, of one API key, and of one tenant. */
  most: 2_000,
  maxStreamsPerKey: 1_000,
  maxStreamsPerTenant: 500,
  /** For browser keys, tokens and tickets in one process. The limit per tenant is LATCHKEY_BROWSER_STREAMS. */
  maxOfBrowsers: 1_500,
  /** Max unsent bytes of a slow reader, besides the kernel's buffer. */
  maxUnsentBytes: 64 * 1024,
  /** In ms. Silent connections are closed after a minute. */
  heartbeatEvery: 20_000,
  /** Interval of the check whether a stream's key is still valid, in ms. */
  pollIntervalMs: 1_000,
};
const reconnectAfter = 1_000; // Reconnect delay suggested to clients, in ms.

export type Stream = {
  tenant: string;
  /** The API key by whose right it is open; tokens and tickets have a name of their own beside the key behind them. */
  key: string;
  asker: Asker;
  /** False if the key was revoked or expired. */
  isGood: () => boolean;
  /** The state the client has seen, or undefined. */
  seen: string | undefined;
  /** Written at the start and after changes. */
  first: (state: TenantState) => string | null;
  changed: (state: TenantState) => string;
};

/** The state's mark in an event id. */
export const markIn = (id: unknown) => (typeof id === "string" ? /^\d+-([\w-]{16})$/.exec(id)?.[1] : undefined);
export const idOf = ({ revision, mark }: TenantState) => `${revision}-${mark}`;

/** `end` is undefined while it opens. */
type Open = { stream: Stream; write: (text: string) => void; end?: () => void };

/** Opens streams, keeps them alive, and ends them when their key ends or the process stops. */
export function eventStreams(
  app: FastifyInstance,
  services: Pick<Services, "keys" | "streams" | "env" | "elapsed">,
  limits = streamLimits,
) {
  const { elapsed } = services;
  const ofBrowsers = services.env.browserStreams;
  const ofBrowserKey = Math.ceil(ofBrowsers * shareOfBrowserKey);
  const open = new Set<Open>();
  const ofTenant = new Map<string, number>();
  const ofKey = new Map<string, number>();
  const ofBrowser = new Map<string, number>();
  let browsers = 0;
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  let lastBeat = elapsed();

  app.addHook("preClose", async () => {
    isStopping = true;
    for (const { end } of open) end?.();
  });

  function look(): void {
    void services.keys.refresh();
    const at = elapsed();
    const isBeat = at - lastBeat >= limits.heartbeatEvery;
    if (isBeat) lastBeat = at;
    for (const { stream, write, end } of open) {
      if (!end) continue;
      if (!stream.isGood()) end();
      else if (isBeat) write(":\n\n");
    }
  }

  function note(stream: Open, by: 1 | -1): void {
    if (by === 1) open.add(stream);
    else open.delete(stream);
    add(ofTenant, stream.stream.tenant, by);
    add(ofKey, stream.stream.key, by);
    if (stream.stream.asker === "browser") {
      add(ofBrowser, stream.stream.tenant, by);
      browsers += by;
    }
    if (open.size > 0) timer ??= setInterval(look, limits.pollIntervalMs).unref();
    else {
      clearInterval(timer);
      timer = undefined;
    }
  }

  /** Null if another stream may open. */
  function tooMany({ tenant, key, asker }: Stream): string | null {
    if (asker === "browser") {
      if (browsers >= limits.maxOfBrowsers) return `Browser keys and tokens have ${limits.maxOfBrowsers} streams open here`;
      if ((ofKey.get(key) ?? 0) >= ofBrowserKey) return `This browser key has ${ofBrowserKey} streams open here`;
      if ((ofBrowser.get(tenant) ?? 0) >= ofBrowsers) return `Browser keys and tokens of this tenant have ${ofBrowsers} streams open here`;
    }
    if (open.size >= limits.most) return `There are ${limits.most} streams open here`;
    if ((ofKey.get(key) ?? 0) >= limits.maxStreamsPerKey) return `This API key has ${limits.maxStreamsPerKey} streams open here`;
    return (ofTenant.get(tenant) ?? 0) >= limits.maxStreamsPerTenant
      ? `${limits.maxStreamsPerTenant} streams of this tenant are open here`
      : null;
  }

  /** Null once it is open. */
  return async (reply: FastifyReply, stream: Stream): Promise<Problem | null> => {
    if (isStopping) return stopping();
    const full = tooMany(stream);
    if (full) return later(429, "too_many_streams", `${full}, which is as many as there may be. End one, or connect again later.`);

    const { raw } = reply;
    const write = (text: string) => {
      if (raw.writableLength > limits.maxUnsentBytes) raw.destroy();
      else raw.write(text);
    };
    const entry: Open = { stream, write };
    note(entry, 1);
    const early: string[] = [];
    let tell = (text: string): void => {
      early.push(text);
    };
    const watched = await services.streams
      .watch(stream.tenant, (state) => tell(stream.changed(state)))
      .catch((error: Error) => {
        note(entry, -1);
        return error;
      });
    if (watched instanceof FactsUnavailable) return later(503, "facts_unavailable", factsUnavailable);
    if (watched instanceof Error) throw watched;
    const letGo = () => {
      if (!open.has(entry)) return;
      note(entry, -1);
      watched.stop();
    };
    if (isStopping) {
      letGo();
      return stopping();
    }
    reply.hijack();
    if (raw.destroyed) {
      letGo();
      return null;
    }
    entry.end = () => {
      letGo();
      raw.end();
    };
    raw.on("close", letGo);
    raw.writeHead(200, {
      ...(reply.getHeaders() as Record<string, string>),
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      connection: "close",
    });
    const first = stream.seen === watched.state.mark ? null : stream.first(watched.state);
    raw.write(`retry: ${reconnectAfter}\n\n${first ?? ":\n\n"}${early.join("")}`);
    tell = write;
    return null;
  };
}

const later = (status: number, code: string, detail: string): Problem => ({ status, code, detail, headers: { "retry-after": "5" } });
const stopping = () => later(503, "stopping", "This process is about to stop. Connect again.");

function add(counts: Map<string, number>, name: string, by: 1 | -1): void {
  const left = (counts.get(name) ?? 0) + by;
  if (left === 0) counts.delete(name);
  else counts.set(name, left);
}
