import type { FlagReading } from "~/core/model";
import { readPayload } from "~/core/posthog/flag-filters";
import { AnswerTooLarge, AnswerTooLate, postJson } from "~/server/posthog/post-json.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";
import { statusInWords } from "./flag-health";

export type FlagQuestion = {
  distinctId: string;
  groups: Record<string, string>;
  /** By group type. A property that a tenant lacks is absent: PostHog counts null as set. */
  groupProperties: Record<string, Record<string, string>>;
  flags: readonly string[];
};

type Answer = {
  flags?: Record<
    string,
    | { enabled?: boolean; variant?: string | null; failed?: boolean; reason?: { code?: string }; metadata?: { payload?: unknown } }
    | undefined
  > | null;
  errorsWhileComputingFlags?: boolean;
  quotaLimited?: string[];
};

/** Upper bound on a response about a few flags, in bytes. */
const maxResponseBytes = 5_000_000;

/** PostHog returned no usable response. `message` has no secrets. */
export class FlagsUnavailable extends Error {}

/** PostHog refused this request, for example because of the user's id. It does not concern PostHog's health. */
export class QuestionRefused extends FlagsUnavailable {}

/**
 * POST /flags/?v=2 without the SDK: posthog-node reports a failed flag as off and hides quota errors, timeouts and
 * partial responses. Throws FlagsUnavailable.
 */
export async function askRemoteFlags(
  settings: PosthogSettings,
  question: FlagQuestion,
  timeout: number,
): Promise<Map<string, FlagReading>> {
  const { given, isPartial } = await ask(settings, question, timeout);
  return new Map(question.flags.map((key) => [key, readingOf(given.get(key), isPartial)]));
}

/** Returns PostHog's reason per flag, or null where it gives none. Inactive flags are omitted. Throws FlagsUnavailable. */
export async function askReasons(settings: PosthogSettings, question: FlagQuestion, timeout: number): Promise<Map<string, string | null>> {
  const { given } = await ask(settings, question, timeout);
  return new Map([...given].flatMap(([key, flag]) => (flag && !flag.failed ? [[key, flag.reason?.code ?? null] as const] : [])));
}

async function ask(settings: PosthogSettings, question: FlagQuestion, timeout: number) {
  const body = JSON.stringify({
    token: settings.projectKey,
    distinct_id: question.distinctId,
    groups: question.groups,
    group_properties: withKeys(question),
    geoip_disable: settings.disableGeoip,
    flag_keys_to_evaluate: question.flags,
  });
  const answer = await post(`${settings.host}/flags/?v=2`, body, timeout);
  if (answer.quotaLimited?.includes("feature_flags")) throw new FlagsUnavailable("PostHog's quota of flag requests is used up.");
  if (typeof answer.flags !== "object" || answer.flags === null) throw new FlagsUnavailable("PostHog's answer has no flags.");
  return { given: new Map(Object.entries(answer.flags)), isPartial: answer.errorsWhileComputingFlags === true };
}

function withKeys({ groups, groupProperties }: FlagQuestion) {
  return Object.fromEntries(Object.entries(groups).map(([type, key]) => [type, { $group_key: key, ...groupProperties[type] }]));
}

/**
 * A flag absent from a complete response is off, because PostHog omits inactive flags. A flag that PostHog could not
 * compute has `failed`; the others of its response remain valid.
 */
function readingOf(flag: NonNullable<Answer["flags"]>[string], partial: boolean): FlagReading {
  if (!flag) return { state: partial ? "unknown" : "off" };
  if (flag.failed || typeof flag.enabled !== "boolean") return { state: "unknown", failed: true };
  // The flag targets a group type that the request did not name.
  if (!flag.enabled && flag.reason?.code === "no_group_type") return { state: "unknown", otherGroupType: true };
  if (!flag.enabled) return { state: "off" };
  const payload = readPayload(flag.metadata?.payload);
  return { state: "on", ...(payload === undefined ? {} : { payload }), ...(flag.variant ? { variant: flag.variant } : {}) };
}

async function post(url: string, body: string, timeout: number): Promise<Answer> {
  const { status, text } = await postJson(url, body, { timeout, largest: maxResponseBytes }).catch((cause: unknown) => {
    throw new FlagsUnavailable(whyNoAnswer(cause, timeout), { cause });
  });
  if (status === 400 || status === 413) throw new QuestionRefused(statusInWords(status, "project API key"));
  if (status < 200 || status > 299) throw new FlagsUnavailable(statusInWords(status, "project API key"));
  try {
    return JSON.parse(text) as Answer;
  } catch {
    throw new FlagsUnavailable("Something that is not PostHog answered.");
  }
}

function whyNoAnswer(cause: unknown, timeout: number): string {
  if (cause instanceof AnswerTooLate) return `PostHog gave no answer about flags within ${timeout} ms.`;
  return cause instanceof AnswerTooLarge ? "PostHog's answer about flags is too large." : "PostHog cannot be reached.";
}
