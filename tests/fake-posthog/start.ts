import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { answerAsset } from "./assets";
import { capture, captureFromBrowser } from "./capture";
import { control, controlPath } from "./control";
import { answerDefinitions, answerFlags } from "./flags";
import { type Answer, json, type Modes, misbehave, modeOf, wasTaken } from "./modes";
import { answerQuery, answerRest } from "./rest";
import { createState, type FakeOptions, type FakeState } from "./state";

export type FakePosthog = Awaited<ReturnType<typeof startFakePosthog>>;

/**
 * A PostHog stand-in on loopback. `state.mode` sets the behaviour of each path. With `state.mode.default` "refuse" the
 * port is closed, with anything else it is open again (`ready()` waits for it).
 */
export async function startFakePosthog(options: FakeOptions = {}) {
  const state = createState(options);
  const server = createServer((request, response) => void serve(state, request, response));
  // Allows a hang of any length.
  server.requestTimeout = 0;
  const door = doorOf(server, options.port ?? 0);
  await door.open();
  state.mode = watched(state.mode, (mode) => void (mode === "refuse" ? door.close() : door.open()));
  return {
    origin: `http://127.0.0.1:${door.port()}`,
    state,
    /** Resolves once the port is open or closed as the mode says. */
    ready: () => door.settled(),
    async close() {
      await door.close();
    },
  };
}

function watched(modes: Modes, onDefault: (mode: string) => void): Modes {
  return new Proxy(modes, {
    set(target, path: string, mode) {
      target[path] = mode;
      if (path === "default") onDefault(mode);
      return true;
    },
  });
}

/** Opens and closes a port, in order. */
export function doorOf(server: Server, wanted: number) {
  let port = wanted;
  let last: Promise<unknown> = Promise.resolve();
  return {
    port: () => port,
    settled: () => last,
    open() {
      last = last.then(async () => {
        if (server.listening) return;
        server.listen(port, "127.0.0.1");
        await once(server, "listening");
        port = (server.address() as AddressInfo).port;
      });
      return last;
    },
    close() {
      last = last.then(async () => {
        if (!server.listening) return;
        const closed = once(server, "close");
        server.close();
        server.closeAllConnections();
        await closed;
      });
      return last;
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

async function serve(state: FakeState, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? "/", `http://${request.headers.host ?? "127.0.0.1"}`);
  const path = url.pathname;
  // A client that disconnects during the body is expected.
  const body = await bodyOf(request).catch(() => null);
  if (body === null) return;
  if (path === controlPath) return misbehave(response, "ok", control(state, request.method ?? "GET", body), state);
  state.requests[path] = (state.requests[path] ?? 0) + 1;
  const mode = modeOf(state.mode, path);
  const answer = wasTaken(mode) ? route(state, request, url, body) : notTaken;
  if (mode === "ok") state.statuses[`${path} ${answer.status}`] = (state.statuses[`${path} ${answer.status}`] ?? 0) + 1;
  misbehave(response, mode, answer, state);
}

const notTaken: Answer = { status: 500, body: "" };

function route(state: FakeState, request: IncomingMessage, url: URL, body: Buffer): Answer {
  const path = url.pathname;
  const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1] ?? null;
  if (request.method === "POST") {
    if (path === "/batch/") return capture(state, body);
    if (path === "/flags/") return answerFlags(state, body);
    if (path === "/e/" || path === "/i/v0/e/" || path === "/s/") return captureFromBrowser(state, path, body);
    if (path.startsWith("/api/")) return answerQuery(state, url, bearer, body);
  } else if (request.method === "GET") {
    if (path === "/flags/definitions")
      return answerDefinitions(state, url.searchParams.get("token"), bearer, request.headers["if-none-match"]);
    if (path.startsWith("/api/")) return answerRest(state, url, bearer);
    const asset = answerAsset(path);
    if (asset) return asset;
  }
  return json({ detail: `The stand-in has no ${request.method} ${path}` }, 404);
}
