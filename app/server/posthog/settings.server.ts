import { z } from "zod";

const yesNo = (fallback: boolean) =>
  z
    .enum(["true", "false", "1", "0"], "has to be true or false")
    .transform((text) => text === "true" || text === "1")
    .default(fallback);
const whole = (least: number, most: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `has to be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((n) => n >= least && n <= most, `has to be a whole number from ${least} to ${most}`)
    .default(fallback);

const isBare = ({ protocol, pathname, search, hash, username, password }: URL) =>
  /^https?:$/.test(protocol) && pathname === "/" && search + hash + username + password === "";

/** Scheme and host only: PostHog's paths are appended. */
const origin = z
  .string()
  .transform((text) => (URL.canParse(text) ? new URL(text) : null))
  .refine((url) => url !== null && isBare(url), "has to be a scheme and a host without a path, such as https://eu.i.posthog.com")
  .transform((url) => (url as URL).origin);

const projectKey = z
  .string()
  .trim()
  .regex(/^phc_\S+$/, "has to be a project API key, which begins with phc_");
const secretKey = z
  .string()
  .trim()
  .regex(/^ph[xs]_\S+$/, "has to be a secret key, which begins with phx_ or phs_ (phc_ is the project key, which is public)");
const list = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean),
);

/** Variables under the names that PostHog users know. Names ending in TTL are in seconds. */
const variables = z.object({
  POSTHOG_PROJECT_API_KEY: projectKey.optional(),
  POSTHOG_API_KEY: projectKey.optional(),
  POSTHOG_SECRET_KEY: secretKey.optional(),
  POSTHOG_PERSONAL_API_KEY: secretKey.optional(),
  POSTHOG_HOST: origin.default("https://us.i.posthog.com"),
  POSTHOG_APP_HOST: origin.optional(),
  POSTHOG_PROJECT_ID: z.string().regex(/^\d+$/, "has to be the project's number, as its settings in PostHog show it").optional(),
  POSTHOG_ENABLED: yesNo(true),
  POSTHOG_DEBUG: yesNo(false),
  POSTHOG_DISABLE_GEOIP: yesNo(true),
  POSTHOG_ERROR_MODE: z.enum(["log", "raise", "ignore"], "has to be log, raise or ignore").default("log"),
  POSTHOG_GROUP_TYPE: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,100}$/, "has to be the name of a group type, such as organization")
    .default("organization"),
  POSTHOG_ENABLE_EXCEPTION_AUTOCAPTURE: yesNo(false),
  POSTHOG_CAPTURE_EXCEPTION_CODE_VARIABLES: yesNo(false),
  POSTHOG_IN_APP_MODULES: list.optional(),
  POSTHOG_MW_CAPTURE_EXCEPTIONS: yesNo(true),
  POSTHOG_FLAG_DEFINITIONS_CACHE_TTL: whole(0, 31_536_000, 0),
  POSTHOG_FLAG_DEFINITIONS_LOCK_TTL: whole(1, 3_600, 15),
  POSTHOG_FLAG_DEFINITIONS_CACHE_PREFIX: z.string().max(50).default("posthog"),
  POSTHOG_FEATURE_FLAGS_CACHE_TTL: whole(1, 86_400, 30),
  POSTHOG_FEATURE_FLAGS_CACHE_PREFIX: z.string().max(50).default("posthog"),
  POSTHOG_VALIDATE_ON_STARTUP: yesNo(false),
  POSTHOG_VALIDATE_EVENT: z.string().max(200).optional(),
  POSTHOG_VALIDATE_EVENT_NAME: z.string().max(200).optional(),
  POSTHOG_VALIDATE_DISTINCT_ID: z.string().max(200).default("latchkey"),
  POSTHOG_FLAG_TIMEOUT_MS: whole(10, 60_000, 300),
  POSTHOG_FLAG_POLL_INTERVAL: whole(1, 86_400, 30),
  POSTHOG_USER_QUESTIONS_PER_MINUTE: whole(0, 1_000_000, 600),
  POSTHOG_BROWSER_USER_QUESTIONS_PER_MINUTE: whole(0, 1_000_000, 60),
  // The SDK reads it itself, and in its other mode does not report events that were lost.
  POSTHOG_CAPTURE_MODE: z.literal("v0", "has to be v0, or not set").default("v0"),
  POSTHOG_SESSION_REPLAY: yesNo(false),
  POSTHOG_JS_ENABLED: yesNo(false),
});

export const posthogVariables = Object.keys(variables.shape);

const replayNeedsScript =
  "POSTHOG_SESSION_REPLAY needs POSTHOG_JS_ENABLED=true, since posthog-js records the visits. Set it as well, or leave POSTHOG_SESSION_REPLAY out.";

/** Null if PostHog is off. The caller passes only variables that are set and not empty. */
export function readPosthogSettings(given: Record<string, string>): { settings: PosthogSettings | null; problems: string[] } {
  const parsed = variables.safeParse(given);
  if (!parsed.success) return { settings: null, problems: parsed.error.issues.map((i) => `${String(i.path[0])} ${i.message}.`) };
  const v = parsed.data;
  if (v.POSTHOG_SESSION_REPLAY && !v.POSTHOG_JS_ENABLED) return { settings: null, problems: [replayNeedsScript] };
  const key = v.POSTHOG_PROJECT_API_KEY ?? v.POSTHOG_API_KEY;
  if (!v.POSTHOG_ENABLED || key === undefined) return { settings: null, problems: [] };
  return { settings: toSettings(v, key), problems: [] };
}

function toSettings(v: z.output<typeof variables>, projectKey: string) {
  return {
    projectKey,
    /** Null: flags are requested per tenant, and the REST API is not used. */
    secretKey: v.POSTHOG_SECRET_KEY ?? v.POSTHOG_PERSONAL_API_KEY ?? null,
    host: v.POSTHOG_HOST,
    /** The host for people and the REST API: us.i.posthog.com ingests events, us.posthog.com serves the rest. */
    appHost: v.POSTHOG_APP_HOST ?? v.POSTHOG_HOST.replace(/^(https:\/\/(?:us|eu))\.i\./, "$1."),
    projectId: v.POSTHOG_PROJECT_ID ?? null,
    debug: v.POSTHOG_DEBUG,
    disableGeoip: v.POSTHOG_DISABLE_GEOIP,
    errorMode: v.POSTHOG_ERROR_MODE,
    groupType: v.POSTHOG_GROUP_TYPE,
    exceptionAutocapture: v.POSTHOG_ENABLE_EXCEPTION_AUTOCAPTURE,
    /** Whether source lines are sent with exceptions. The SDK for Node has no local variables. */
    exceptionCode: v.POSTHOG_CAPTURE_EXCEPTION_CODE_VARIABLES,
    inAppModules: v.POSTHOG_IN_APP_MODULES ?? [],
    captureRequestExceptions: v.POSTHOG_MW_CAPTURE_EXCEPTIONS,
    /** Maximum age of definitions from the database, in ms; 0 means no limit. */
    definitionsTtl: v.POSTHOG_FLAG_DEFINITIONS_CACHE_TTL * 1000,
    definitionsLockTtl: v.POSTHOG_FLAG_DEFINITIONS_LOCK_TTL * 1000,
    definitionsPrefix: v.POSTHOG_FLAG_DEFINITIONS_CACHE_PREFIX,
    /** A tenant's flag values are refreshed in the background after this, in ms. */
    flagsTtl: v.POSTHOG_FEATURE_FLAGS_CACHE_TTL * 1000,
    flagsPrefix: v.POSTHOG_FEATURE_FLAGS_CACHE_PREFIX,
    validate: v.POSTHOG_VALIDATE_ON_STARTUP
      ? {
          event: v.POSTHOG_VALIDATE_EVENT ?? v.POSTHOG_VALIDATE_EVENT_NAME ?? "latchkey started",
          distinctId: v.POSTHOG_VALIDATE_DISTINCT_ID,
        }
      : null,
    /** Upper bound on how long a check waits for flags that were never evaluated, in ms. */
    flagTimeout: v.POSTHOG_FLAG_TIMEOUT_MS,
    pollInterval: v.POSTHOG_FLAG_POLL_INTERVAL * 1000,
    /** Requests to PostHog about users per tenant and minute, by kind of key; 0 means no limit. */
    userQuestions: { server: v.POSTHOG_USER_QUESTIONS_PER_MINUTE, browser: v.POSTHOG_BROWSER_USER_QUESTIONS_PER_MINUTE },
    sessionReplay: v.POSTHOG_SESSION_REPLAY,
    browser: v.POSTHOG_JS_ENABLED,
  };
}
export type PosthogSettings = ReturnType<typeof toSettings>;
