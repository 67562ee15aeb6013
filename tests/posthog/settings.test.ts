import { expect, test } from "vitest";
import { EnvProblem, readEnv } from "~/server/env.server";
import { posthogVariables } from "~/server/posthog/settings.server";

const key = { POSTHOG_PROJECT_API_KEY: "phc_x" };
const settings = (more: Record<string, string> = {}) => readEnv({ ...key, ...more }).posthog;
const problems = (variables: Record<string, string>): string[] => {
  try {
    readEnv(variables);
  } catch (error) {
    if (!(error instanceof EnvProblem)) throw error;
    return error.message.split("\n");
  }
  return [];
};

const project = "has to be a project API key, which begins with phc_.";
const secret = "has to be a secret key, which begins with phx_ or phs_ (phc_ is the project key, which is public).";
const host = "has to be a scheme and a host without a path, such as https://eu.i.posthog.com.";

test.each([
  ["POSTHOG_PROJECT_API_KEY", "phx_secret", project],
  ["POSTHOG_API_KEY", "abc", project],
  ["POSTHOG_SECRET_KEY", "phc_public", secret],
  ["POSTHOG_PERSONAL_API_KEY", "phc_public", secret],
  ["POSTHOG_HOST", "eu.i.posthog.com", host],
  ["POSTHOG_HOST", "https://example.com/ingest", host],
  ["POSTHOG_HOST", "https://example.com/?a=1", host],
  ["POSTHOG_HOST", "https://example.com/#a", host],
  ["POSTHOG_HOST", "https://:secret@example.com", host],
  ["POSTHOG_HOST", "ftp://example.com", host],
  ["POSTHOG_APP_HOST", "localhost:8000", host],
  ["POSTHOG_PROJECT_ID", "my-project", "has to be the project's number, as its settings in PostHog show it."],
  ["POSTHOG_ENABLED", "yes", "has to be true or false."],
  ["POSTHOG_ERROR_MODE", "shout", "has to be log, raise or ignore."],
  ["POSTHOG_GROUP_TYPE", "our company", "has to be the name of a group type, such as organization."],
  ["POSTHOG_FLAG_TIMEOUT_MS", "9", "has to be a whole number from 10 to 60000."],
  ["POSTHOG_FLAG_POLL_INTERVAL", "0", "has to be a whole number from 1 to 86400."],
  ["POSTHOG_FLAG_POLL_INTERVAL", "1.5", "has to be a whole number from 1 to 86400."],
  ["POSTHOG_CAPTURE_MODE", "v1", "has to be v0, or not set."],
])("%s=%s ends the start with a sentence that names it and not its value", (name, value, sentence) => {
  expect(problems({ ...key, [name]: value })).toEqual([`${name} ${sentence}`]);
});

test("all wrong values are named at once", () => {
  const found = problems({ POSTHOG_PROJECT_API_KEY: "x", POSTHOG_HOST: "x", POSTHOG_DEBUG: "x" });
  expect(found.map((line) => line.split(" ")[0])).toEqual(["POSTHOG_PROJECT_API_KEY", "POSTHOG_HOST", "POSTHOG_DEBUG"]);
});

test("without a project key, or with POSTHOG_ENABLED=false, everything is off; an empty variable counts as not set", () => {
  expect(readEnv({}).posthog).toBeNull();
  expect(readEnv({ POSTHOG_PROJECT_API_KEY: "", POSTHOG_SECRET_KEY: "phx_x" }).posthog).toBeNull();
  expect(settings({ POSTHOG_ENABLED: "false" })).toBeNull();
  expect(settings({ POSTHOG_HOST: "" })?.host).toBe("https://us.i.posthog.com");
});

test("each key has two names, and the newer one counts", () => {
  expect(readEnv({ POSTHOG_API_KEY: "phc_old" }).posthog?.projectKey).toBe("phc_old");
  expect(settings({ POSTHOG_API_KEY: "phc_old" })?.projectKey).toBe("phc_x");
  expect(settings({ POSTHOG_PERSONAL_API_KEY: "phx_old" })?.secretKey).toBe("phx_old");
  expect(settings({ POSTHOG_PERSONAL_API_KEY: "phx_old", POSTHOG_SECRET_KEY: "phs_new" })?.secretKey).toBe("phs_new");
});

test.each([
  ["https://us.i.posthog.com", "https://us.posthog.com"],
  ["https://eu.i.posthog.com/", "https://eu.posthog.com"],
  ["https://posthog.example.com", "https://posthog.example.com"],
])("look-ups for %s go to %s unless told", (POSTHOG_HOST, appHost) => {
  expect(settings({ POSTHOG_HOST })?.appHost).toBe(appHost);
  expect(settings({ POSTHOG_HOST, POSTHOG_APP_HOST: "https://app.example.com" })?.appHost).toBe("https://app.example.com");
});

test("posthog-django's name for the event of the start counts, unless the other is set", () => {
  const on = { POSTHOG_VALIDATE_ON_STARTUP: "true" };
  expect(settings(on)?.validate?.event).toBe("latchkey started");
  expect(settings({ ...on, POSTHOG_VALIDATE_EVENT_NAME: "hello" })?.validate?.event).toBe("hello");
  expect(settings({ ...on, POSTHOG_VALIDATE_EVENT_NAME: "hello", POSTHOG_VALIDATE_EVENT: "first" })?.validate?.event).toBe("first");
});

test("session replay without posthog-js is refused", () => {
  expect(problems({ POSTHOG_SESSION_REPLAY: "true" })).toEqual([
    expect.stringMatching(/^POSTHOG_SESSION_REPLAY needs POSTHOG_JS_ENABLED=true/),
  ]);
  expect(settings({ POSTHOG_SESSION_REPLAY: "true", POSTHOG_JS_ENABLED: "true" })?.sessionReplay).toBe(true);
});

test("each set variable that looks like one of PostHog's and has no effect is named, with the nearest that has", () => {
  const given = {
    POSTHOG_VALIDATE_EVENT_NAMES: "x",
    POSTHOG_PROJECT_APIKEY: "phc_x",
    posthog_host: "https://x.example",
    POST_HOG_ENABLED: "true",
    POSTHOG_CACHE_ALIAS: "default",
    POSTHOG_FEATURE_FLAGS_CACHE_PREFIX: "x",
    POSTHOG_MW_TAG_MAP: "app.tags",
    POSTHOG_SOMETHING_ELSE_ALTOGETHER: "x",
  };
  expect(readEnv(given).warnings).toEqual([
    "POSTHOG_CACHE_ALIAS has no effect: Latchkey keeps what has to outlive a process in its own database.",
    "POSTHOG_FEATURE_FLAGS_CACHE_PREFIX has no effect: flag values are kept in each process's memory.",
    "POSTHOG_MW_TAG_MAP has no effect: write tagMap in posthog.config.ts.",
    "POSTHOG_PROJECT_APIKEY has no effect. Did you mean POSTHOG_PROJECT_API_KEY?",
    "POSTHOG_SOMETHING_ELSE_ALTOGETHER has no effect; docs/posthog.md lists those that have.",
    "POSTHOG_VALIDATE_EVENT_NAMES has no effect. Did you mean POSTHOG_VALIDATE_EVENT_NAME?",
    "POST_HOG_ENABLED has no effect. Did you mean POSTHOG_ENABLED?",
    "posthog_host has no effect. Did you mean POSTHOG_HOST?",
  ]);
});

test("no variable that has an effect is named, and none that is empty or somebody else's", () => {
  const known = Object.fromEntries(posthogVariables.map((name) => [name, ""]));
  expect(readEnv({ ...known, ...key, POSTHOG_RELEASE_ID: "v1", POSTHOG_TYPO: "", PATH: "/bin", LATCHKEY_POSTHOG_X: "x" }).warnings).toEqual(
    [],
  );
});
