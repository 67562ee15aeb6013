import { setTimeout as wait } from "node:timers/promises";
import { refusedLookUp } from "~/server/posthog/flags/flag-health";
import type { PosthogSettings } from "~/server/posthog/settings.server";

const timeoutMs = 10_000;
/** Upper bound on the wait after a 429, in ms. */
const maxWaitMs = 60_000;
/** Upper bound on a response, in bytes. A page of 100 groups with 100 properties each is far below it. */
const maxBytes = 16_000_000;

/** Its message says why PostHog's REST API has no answer. */
export class PosthogUnavailable extends Error {}

export type PosthogAsker = { settings: PosthogSettings; stop: AbortSignal };

/** `scope`: what the key needs. `body`: sent with POST. `attempts`: requests in all while PostHog answers 429. */
type Question = { scope: string; about: string; body?: unknown; attempts?: number };

/**
 * Sends a request to the REST API of the configured project. Does not follow redirects, since the key is sent to the
 * configured host only. Throws PosthogUnavailable.
 */
export async function askPosthog(
  { settings, stop }: PosthogAsker,
  path: string,
  { scope, about, body, attempts = 5 }: Question,
): Promise<unknown> {
  for (let attempt = 1; ; attempt++) {
    const { status, after, answer } = await askOnce({ settings, stop }, path, body);
    if (status >= 200 && status < 300) return answer;
    if (status === 429 && attempt < attempts) {
      await wait(Math.min(maxWaitMs, after), undefined, { signal: stop });
      continue;
    }
    if (status === 401 || status === 403) throw new PosthogUnavailable(refusedLookUp(status, settings.secretKey as string, scope));
    if (status === 404) throw new PosthogUnavailable(`PostHog knows no project ${settings.projectId}. Check POSTHOG_PROJECT_ID.`);
    throw new PosthogUnavailable(`PostHog answered ${status} to a question about ${about}. Try again in a while.`);
  }
}

async function askOnce({ settings, stop }: PosthogAsker, path: string, body: unknown) {
  const url = `${settings.appHost}/api/projects/${settings.projectId}/${path}`;
  const signal = AbortSignal.any([AbortSignal.timeout(timeoutMs), stop]);
  const headers = { authorization: `Bearer ${settings.secretKey}`, ...(body === undefined ? {} : { "content-type": "application/json" }) };
  const sent = body === undefined ? { method: "GET" } : { method: "POST", body: JSON.stringify(body) };
  try {
    const response = await fetch(url, { ...sent, headers, signal, redirect: "error" });
    const text = await textWithin(response);
    const after = Number(response.headers.get("retry-after") ?? 1) * 1_000;
    const answer: unknown = response.ok ? JSON.parse(text) : null;
    return { status: response.status, after: Number.isFinite(after) ? after : 1_000, answer };
  } catch (cause) {
    if (stop.aborted || cause instanceof PosthogUnavailable) throw cause;
    if (cause instanceof SyntaxError)
      throw new PosthogUnavailable("Something that is not PostHog answered. Check POSTHOG_APP_HOST, and the proxies between.");
    throw new PosthogUnavailable(`PostHog cannot be reached at ${settings.appHost}. Try again in a while.`, { cause });
  }
}

async function textWithin({ body }: Response): Promise<string> {
  const reader = body?.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    size += read.value.length;
    if (size > maxBytes) {
      await reader?.cancel();
      throw new PosthogUnavailable("PostHog's answer is too large to read.");
    }
    chunks.push(read.value);
  }
  return Buffer.concat(chunks).toString("utf8");
}
