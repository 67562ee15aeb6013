import type { ServerResponse } from "node:http";

/**
 * Behaviour of a path. A number answers that status. `refuse`: reset; for `default` the port is closed. `hang`: headers
 * and half of the body, then silence. `silent`: reads the request and never answers. `trickle`: one byte at a time.
 * `garbage`: 200 with an HTML page.
 */
export type Mode = "ok" | "slow" | "refuse" | "garbage" | "hang" | "silent" | "trickle" | `${number}`;
export type Modes = { default: Mode; [path: string]: Mode };

export const isMode = (mode: unknown): mode is Mode =>
  typeof mode === "string" && /^(ok|slow|refuse|garbage|hang|silent|trickle|[2-5]\d\d)$/.test(mode);

export type Answer = { status: number; headers?: Record<string, string>; body: string | Buffer };

/** Modes in which PostHog accepted the request, whatever the caller receives. */
export const wasTaken = (mode: Mode) => mode === "ok" || mode === "slow" || mode === "hang" || mode === "trickle";

const folders = ["/api/", "/static/", "/array/"];

export function modeOf(modes: Modes, path: string): Mode {
  const folder = folders.find((prefix) => path.startsWith(prefix));
  return modes[path] ?? (folder ? modes[folder] : undefined) ?? modes.default;
}

export const json = (value: unknown, status = 200, headers?: Record<string, string>): Answer => ({
  status,
  headers: { "content-type": "application/json", ...headers },
  body: JSON.stringify(value),
});

const problem = (type: string, code: string, detail: string, status: number, headers?: Record<string, string>) =>
  json({ type, code, detail, attr: null }, status, headers);

export const unauthorized = () => problem("authentication_error", "invalid_api_key", "The key is not valid.", 401);

function refusalOf(status: number): Answer {
  if (status === 401) return unauthorized();
  if (status === 402) return problem("quota_limited", "payment_required", "You have exceeded your feature flag request quota", 402);
  if (status === 429) return problem("validation_error", "rate_limit_exceeded", "Rate limit exceeded", 429, { "retry-after": "1" });
  return { status, headers: { "content-type": "text/plain" }, body: "upstream trouble" };
}

const page = "<!doctype html><title>Sign in to the network</title>";

type Pace = { slowMs: number; trickleMs: number };

/** Sends the answer in the way of the mode. Timers end with the connection. */
export function misbehave(response: ServerResponse, mode: Mode, answer: Answer, { slowMs, trickleMs }: Pace): void {
  if (mode === "silent") return;
  if (mode === "refuse") response.socket?.resetAndDestroy();
  else if (mode === "slow") {
    const later = setTimeout(() => send(response, answer), slowMs);
    response.on("close", () => clearTimeout(later));
  } else if (mode === "hang") write(response, answer).write(half(answer));
  else if (mode === "trickle") trickle(write(response, answer), Buffer.from(answer.body), trickleMs);
  else if (mode === "garbage") send(response, { status: 200, headers: { "content-type": "text/html" }, body: page });
  else send(response, mode === "ok" ? answer : refusalOf(Number(mode)));
}

const half = ({ body }: Answer) => Buffer.from(body).subarray(0, Math.floor(body.length / 2));

function write(response: ServerResponse, { status, headers, body }: Answer): ServerResponse {
  response.writeHead(status, status === 304 ? headers : { ...headers, "content-length": Buffer.byteLength(body) });
  response.flushHeaders();
  return response;
}

function send(response: ServerResponse, answer: Answer): void {
  write(response, answer).end(answer.body);
}

function trickle(response: ServerResponse, body: Buffer, ms: number): void {
  let sent = 0;
  const timer = setInterval(() => {
    if (sent === body.length) response.end();
    else response.write(body.subarray(sent, ++sent));
  }, ms);
  response.on("close", () => clearInterval(timer));
}
