import type { FastifyInstance, FastifyReply } from "fastify";
import { FactsUnavailable } from "~/server/facts-cache.server";
import type { Services } from "~/server/services.server";
import type { TenantState } from "~/server/streams.server";
import type { Problem } from "./problem.server";

/** Open streams of one process, and of one tenant. */
export const mostStreams = 2_000;
export const mostOfTenant = 500;
const heartbeatEvery = 20_000; // ms; connections without a byte are closed after a minute
const lookEvery = 1_000; // ms between looks whether a stream's key is still good
const mostUnsent = 64 * 1024; // bytes that a slow reader may leave lying
const reconnectAfter = 1_000; // ms that a reader is asked to wait

export type Stream = {
  tenant: string;
  /** False: the key was revoked, or its time is over. */
  isGood: () => boolean;
  /** The state that the reader has seen; undefined: it has not said. */
  seen: string | undefined;
  /** What is written at the beginning, and after a change. */
  first: (state: TenantState) => string | null;
  changed: (state: TenantState) => string;
};

/** The mark of the state that an id tells of. */
export const markIn = (id: unknown) => (typeof id === "string" ? /^\d+-([\w-]{16})$/.exec(id)?.[1] : undefined);
export const idOf = ({ revision, mark }: TenantState) => `${revision}-${mark}`;

type Open = { stream: Stream; write: (text: string) => void; end: () => void };

/** Opens streams, keeps them alive, and ends them: when their key does, and all of them before the process stops. */
export function eventStreams(app: FastifyInstance, services: Services) {
  const open = new Set<Open>();
  const ofTenant = new Map<string, number>();
  let isStopping = false;
  let timer: NodeJS.Timeout | undefined;
  let lastBeat = Date.now();

  app.addHook("preClose", async () => {
    isStopping = true;
    for (const { end } of open) end();
  });

  function look(): void {
    void services.keys.refresh();
    const isBeat = Date.now() - lastBeat >= heartbeatEvery;
    if (isBeat) lastBeat = Date.now();
    for (const { stream, write, end } of open) {
      if (!stream.isGood()) end();
      else if (isBeat) write(":\n\n");
    }
  }

  function note(stream: Open, by: 1 | -1): void {
    const { tenant } = stream.stream;
    if (by === 1) open.add(stream);
    else open.delete(stream);
    const left = (ofTenant.get(tenant) ?? 0) + by;
    if (left === 0) ofTenant.delete(tenant);
    else ofTenant.set(tenant, left);
    if (open.size > 0) timer ??= setInterval(look, lookEvery).unref();
    else {
      clearInterval(timer);
      timer = undefined;
    }
  }

  /** Null: it is open. */
  return async (reply: FastifyReply, stream: Stream): Promise<Problem | null> => {
    const later = (status: number, code: string, detail: string): Problem => ({ status, code, detail, headers: { "retry-after": "5" } });
    if (isStopping) return later(503, "stopping", "This process is about to stop. Connect again.");
    if (open.size >= mostStreams || (ofTenant.get(stream.tenant) ?? 0) >= mostOfTenant)
      return later(
        429,
        "too_many_streams",
        `There are ${mostStreams} streams here, or ${mostOfTenant} of this tenant. Connect again later.`,
      );

    const { raw } = reply;
    let stop: (() => void) | undefined;
    const end = () => {
      note(entry, -1);
      entry.end = () => {};
      stop?.();
      raw.end();
    };
    const write = (text: string) => {
      if (raw.writableLength > mostUnsent) raw.destroy();
      else raw.write(text);
    };
    const entry: Open = { stream, write, end: () => end() };
    note(entry, 1);
    const early: string[] = [];
    let tell = (text: string): void => {
      early.push(text);
    };
    try {
      const watched = await services.streams.watch(stream.tenant, (state) => tell(stream.changed(state)));
      stop = watched.stop;
      if (isStopping || raw.destroyed) {
        entry.end();
        stop();
        return isStopping ? later(503, "stopping", "This process is about to stop. Connect again.") : null;
      }
      reply.hijack();
      raw.on("close", () => entry.end());
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
    } catch (error) {
      entry.end();
      if (error instanceof FactsUnavailable) return later(503, "facts_unavailable", error.message);
      throw error;
    }
  };
}
