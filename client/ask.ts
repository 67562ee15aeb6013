import { isLatchkeyError, latchkeyError } from "./errors.js";

export type Transport = { url: string; key: string; timeoutMs: number; fetch: typeof fetch | undefined };

/** `life`: how long it may be used without asking again, in ms, or null if not given. */
export type Heard = { status: number; json: unknown; etag: string | null; life: number | null };

/** One HTTP request. Statuses other than 200, 304 and `alsoAnswers`, and every other failure, throw a LatchkeyError. */
export async function ask(transport: Transport, path: string, etag: string | null, alsoAnswers: readonly number[]): Promise<Heard> {
  const { timeoutMs } = transport;
  const given = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(latchkeyError("timeout", `Latchkey gave no answer within ${timeoutMs} ms.`));
      given.abort();
    }, timeoutMs);
  });
  const heard = hear(transport, path, etag, alsoAnswers, given.signal);
  // The loser of the race may still reject, unobserved.
  heard.catch(() => {});
  try {
    return await Promise.race([heard, tooLate]);
  } catch (error) {
    throw isLatchkeyError(error) ? error : latchkeyError("network", "Latchkey cannot be reached.", { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

async function hear(
  { url, key, fetch: given }: Transport,
  path: string,
  etag: string | null,
  alsoAnswers: readonly number[],
  signal: AbortSignal,
): Promise<Heard> {
  const headers: Record<string, string> = { authorization: `Bearer ${key}`, accept: "application/json" };
  if (etag !== null) headers["if-none-match"] = etag;
  const send = given ?? globalThis.fetch;
  // A redirect would at best lead to a sign-in page.
  const response = await send(url + path, { headers, signal, redirect: "error" });
  const { status } = response;
  const common = { status, etag: response.headers.get("etag"), life: lifeOf(response.headers.get("cache-control")) };
  if (status === 304 && etag !== null) return { ...common, json: undefined };
  const text = await response.text();
  if (status !== 200 && !alsoAnswers.includes(status)) throw refusal(status, text, response.headers.get("retry-after"));
  const json = parse(text);
  if (json === undefined) throw latchkeyError("invalid_answer", "What answered is no Latchkey: it sent no JSON.");
  return { ...common, json };
}

function lifeOf(cacheControl: string | null): number | null {
  if (cacheControl === null) return null;
  if (/\bno-(store|cache)\b/i.test(cacheControl)) return 0;
  const seconds = /\bmax-age=(\d+)/i.exec(cacheControl)?.[1];
  return seconds === undefined ? null : Number(seconds) * 1000;
}

function refusal(status: number, text: string, retryAfter: string | null) {
  const detail = (parse(text) as { detail?: unknown } | null | undefined)?.detail;
  const seconds = Number(retryAfter ?? Number.NaN);
  return latchkeyError("status", `Latchkey answered ${status}${typeof detail === "string" ? `: ${detail}` : "."}`, {
    status,
    ...(seconds >= 0 ? { retryAfter: seconds * 1000 } : {}),
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
