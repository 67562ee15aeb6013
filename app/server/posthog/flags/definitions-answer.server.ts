import { statusInWords } from "./flag-health";

/** Definitions as PostHog sends them, as far as they are read here. */
export type SentDefinitions = { flags: object[]; cohorts?: { [id: string]: object }; group_type_mapping?: Record<string, string> };

/** `why`: an error message, or null if PostHog answered. `definitions`: null if the response has no new ones. */
export type DefinitionsAnswer = { why: string | null; definitions: SentDefinitions | null } & (
  | { response: Response }
  | { response: null; error: unknown }
);

/** Reads the answer whole: one that breaks off half-way, or is not PostHog's, counts for the SDK as nothing new, without a word. */
export async function readDefinitionsAnswer(ask: () => Promise<Response>): Promise<DefinitionsAnswer> {
  const definitions = null;
  try {
    const response = await ask();
    const { status, headers } = response;
    if (status === 304) return { why: null, definitions, response };
    if (status !== 200) return { why: statusInWords(status, "secret key"), definitions, response: keptOnQuota(response) };
    const text = await response.text();
    const sent = parse(text);
    return {
      why: sent === null ? "Something that is not PostHog answered." : null,
      definitions: sent,
      response: new Response(text, { status, headers }),
    };
  } catch (error) {
    return { why: whyNoAnswer(error), definitions, response: null, error };
  }
}

function parse(text: string): SentDefinitions | null {
  try {
    const data = JSON.parse(text) as Partial<SentDefinitions> | null;
    return Array.isArray(data?.flags) ? (data as SentDefinitions) : null;
  } catch {
    return null;
  }
}

function whyNoAnswer(error: unknown): string {
  const isTimeout = error instanceof Error && (error.name === "AbortError" || error.name === "TimeoutError");
  return isTimeout ? "PostHog gave no whole answer about flags in time." : "PostHog cannot be reached.";
}

/**
 * After 402 (quota exceeded) the SDK drops its definitions but keeps their ETag, so the following 304 leaves it without
 * any. Given 429 instead, it keeps its definitions and polls less often.
 */
const keptOnQuota = (response: Response) =>
  response.status === 402 ? new Response(response.body, { status: 429, headers: response.headers }) : response;
