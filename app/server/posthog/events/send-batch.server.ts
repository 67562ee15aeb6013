import { promisify } from "node:util";
import { gzip } from "node:zlib";
import type { PosthogSettings } from "~/server/posthog/settings.server";

const pack = promisify(gzip);

/** One event of POST /batch/. */
export type BatchEvent = {
  event: string;
  distinct_id: string;
  uuid: string;
  timestamp: string;
  properties: { [name: string]: unknown };
};

/**
 * `down`: PostHog accepts nothing at the moment. `too_large` and `refused`: PostHog rejected these events. `why` is a
 * message without secrets. `after` is PostHog's Retry-After, in ms.
 */
export type Delivery = { ok: true } | { ok: false; kind: "down" | "too_large" | "refused"; why: string; after: number };

/** Longer responses do not come from PostHog. */
const maxResponseBytes = 65_536;
/** Upper bound on PostHog's Retry-After, in ms. */
const maxRetryAfterMs = 300_000;

const down = (why: string, after = 0): Delivery => ({ ok: false, kind: "down", why, after });

/**
 * Sends a batch without the SDK, which resolves even if nothing arrived, does not accept our event ids for retries, and
 * takes an HTML page for success. `stop` aborts on shutdown.
 */
export async function sendBatch(
  settings: Pick<PosthogSettings, "host" | "projectKey">,
  events: BatchEvent[],
  timeout: number,
  stop?: AbortSignal,
): Promise<Delivery> {
  const body = await pack(JSON.stringify({ api_key: settings.projectKey, sent_at: new Date().toISOString(), batch: events }));
  const inTime = AbortSignal.timeout(timeout);
  const signal = stop ? AbortSignal.any([inTime, stop]) : inTime;
  const headers = { "content-type": "application/json", "content-encoding": "gzip", "user-agent": "latchkey" };
  try {
    const response = await fetch(`${settings.host}/batch/`, { method: "POST", headers, body, signal, redirect: "manual" });
    const text = await readSome(response);
    return response.ok ? verify(text) : refusal(response);
  } catch (error) {
    if (inTime.aborted) return down(`PostHog gave no whole answer within ${timeout / 1000} s.`);
    return down(`PostHog cannot be reached at ${settings.host} (${reasonOf(error)}).`);
  }
}

/** PostHog's responses to accepted events: of its capture service, and of its web server in older versions. */
const taken: unknown[] = ["Ok", "ok", 1];

/** A status of 200 is not enough: proxies and captive portals answer 200 too. */
function verify(text: string): Delivery {
  let answer: { status?: unknown; quota_limited?: unknown };
  try {
    answer = JSON.parse(text);
  } catch {
    answer = {};
  }
  if (typeof answer !== "object" || answer === null || !taken.includes(answer.status))
    return down("Something that is not PostHog answered. Check POSTHOG_HOST, and the proxies between.");
  if (Array.isArray(answer.quota_limited) && answer.quota_limited.includes("events"))
    return down("PostHog dropped it: the project's quota of events is used up.");
  return { ok: true };
}

function refusal({ status, headers }: Response): Delivery {
  if (status === 413) return { ok: false, kind: "too_large", why: "PostHog says that this is too large (413).", after: 0 };
  if (status === 400 || status === 422)
    return { ok: false, kind: "refused", why: `PostHog says that it cannot read this (${status}).`, after: 0 };
  if (status === 401 || status === 403) return down(`PostHog refuses the project API key (${status}). Check POSTHOG_PROJECT_API_KEY.`);
  if (status === 402) return down("PostHog's quota is used up (402).");
  const after = wishOf(headers.get("retry-after"));
  if (status === 429) return down("PostHog asks for fewer requests (429).", after);
  if (status >= 300 && status < 400) return down(`PostHog sends us elsewhere (${status}). Check POSTHOG_HOST.`);
  return down(`PostHog answered ${status}.`, after);
}

/** In seconds. Dates are ignored. */
function wishOf(header: string | null): number {
  return header !== null && /^\d{1,6}$/.test(header) ? Math.min(maxRetryAfterMs, Number(header) * 1000) : 0;
}

async function readSome(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of (response.body ?? []) as unknown as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxResponseBytes) break;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function reasonOf(error: unknown): string {
  const { cause, name } = error as { cause?: { code?: string; errors?: { code?: string }[] }; name?: string };
  return cause?.code ?? cause?.errors?.[0]?.code ?? name ?? "unknown";
}
