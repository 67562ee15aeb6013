/** A variable that the program reads. `value` is null if it is not set or is a secret. */
type EnvironmentVariable = { name: string; isSet: boolean; isSecret: boolean; value: string | null };

/** Variables whose values may be shown. All others are secrets, including variables that are added later. */
const shown = new Set([
  ...["HOST", "PORT", "PUBLIC_URL", "TRUST_PROXY", "LOG_LEVEL", "DATABASE_CONNECTIONS", "SHUTDOWN_DELAY_SECONDS"],
  ...["LATCHKEY_OWNER_EMAIL", "SESSION_IDLE_MINUTES", "SESSION_MAX_HOURS", "LATCHKEY_CACHE_MB", "LATCHKEY_CHECK_COUNT_DAYS"],
  ...["LATCHKEY_RATE_LIMIT", "LATCHKEY_CHECK_RATE_LIMIT", "LATCHKEY_BROWSER_RATE_LIMIT", "LATCHKEY_BROWSER_STREAMS"],
  "LATCHKEY_WEBHOOK_ALLOW_HOSTS",
  ...["POSTHOG_HOST", "POSTHOG_APP_HOST", "POSTHOG_PROJECT_ID", "POSTHOG_ENABLED", "POSTHOG_DEBUG", "POSTHOG_DISABLE_GEOIP"],
  ...["POSTHOG_ERROR_MODE", "POSTHOG_GROUP_TYPE", "POSTHOG_ENABLE_EXCEPTION_AUTOCAPTURE", "POSTHOG_MW_CAPTURE_EXCEPTIONS"],
  ...["POSTHOG_CAPTURE_EXCEPTION_CODE_VARIABLES", "POSTHOG_IN_APP_MODULES", "POSTHOG_CAPTURE_MODE", "POSTHOG_SESSION_REPLAY"],
  ...["POSTHOG_FLAG_DEFINITIONS_CACHE_TTL", "POSTHOG_FLAG_DEFINITIONS_LOCK_TTL", "POSTHOG_FLAG_DEFINITIONS_CACHE_PREFIX"],
  ...["POSTHOG_FEATURE_FLAGS_CACHE_TTL", "POSTHOG_FEATURE_FLAGS_CACHE_PREFIX", "POSTHOG_VALIDATE_ON_STARTUP"],
  ...["POSTHOG_VALIDATE_EVENT", "POSTHOG_VALIDATE_EVENT_NAME", "POSTHOG_VALIDATE_DISTINCT_ID", "POSTHOG_FLAG_TIMEOUT_MS"],
  ...["POSTHOG_FLAG_POLL_INTERVAL", "POSTHOG_USER_QUESTIONS_PER_MINUTE", "POSTHOG_BROWSER_USER_QUESTIONS_PER_MINUTE"],
  "POSTHOG_JS_ENABLED",
]);

/** `given`: the variables that are set. Of the database's address only the kind, host and name are shown. */
export function describeEnvironment(names: readonly string[], given: Readonly<Record<string, string>>): EnvironmentVariable[] {
  return names.map((name) => {
    const value = given[name];
    if (value === undefined) return { name, isSet: false, isSecret: false, value: null };
    if (name === "DATABASE_URL") return { name, isSet: true, isSecret: false, value: withoutCredentials(value) };
    return shown.has(name) ? { name, isSet: true, isSecret: false, value } : { name, isSet: true, isSecret: true, value: null };
  });
}

/** A query may have a password too. */
export function withoutCredentials(databaseUrl: string): string {
  if (databaseUrl.startsWith("file:")) return databaseUrl;
  if (!URL.canParse(databaseUrl)) return "postgres://…";
  const { protocol, host, pathname } = new URL(databaseUrl);
  return `${protocol}//${host}${pathname}`;
}
