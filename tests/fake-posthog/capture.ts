import { gunzipSync } from "node:zlib";
import { ingest } from "./ingest";
import { type Answer, json, unauthorized } from "./modes";
import type { FakeState } from "./state";
import type { CapturedEvent, Properties } from "./wire";

/** Decodes gzip, a form with base64 (old browsers' beacons), base64 or plain JSON; undefined otherwise. */
export function readBody(body: Buffer): unknown {
  try {
    const raw = (body[0] === 0x1f && body[1] === 0x8b ? gunzipSync(body) : body).toString("utf8");
    const text = raw.startsWith("data=") ? Buffer.from(decodeURIComponent(raw.slice(5)), "base64").toString("utf8") : raw;
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** POST /batch/: accepts all or nothing. The mode decides whether the caller gets the response. */
export function capture(state: FakeState, body: Buffer): Answer {
  const sent = readBody(body) as { api_key?: string; batch?: CapturedEvent[] } | undefined;
  if (!sent || !Array.isArray(sent.batch)) return json({ type: "validation_error", code: "invalid_payload", detail: "no batch" }, 400);
  if (sent.api_key !== state.projectKey) return unauthorized();
  for (const event of sent.batch) ingest(state, event, Date.now());
  return json({ status: "Ok" });
}

/** From posthog-js: one event, a list, or a batch. The key is in the body or in the event's properties. */
export function captureFromBrowser(state: FakeState, path: string, body: Buffer): Answer {
  const sent = readBody(body);
  const list = (Array.isArray(sent) ? sent : ((sent as { batch?: unknown[] } | undefined)?.batch ?? [sent])) as CapturedEvent[];
  if (path === "/s/") state.recordings++;
  else for (const event of list) if (event?.event && keyOf(sent, event) === state.projectKey) ingest(state, event, Date.now());
  return json({ status: "Ok" });
}

function keyOf(sent: unknown, event: CapturedEvent): unknown {
  const { api_key, token } = sent as Properties;
  return api_key ?? token ?? (event as Properties).api_key ?? event.properties?.token;
}
