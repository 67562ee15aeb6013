import { isIP } from "node:net";
import { z } from "zod";
import { describeEnvironment } from "~/core/environment";
import { day, hour, minute } from "~/core/time";
import { defaultConnections, minConnections } from "~db/postgres-connections";
import { isAddressOrRange, type TrustProxy } from "./client-address.server";
import { isBuilt } from "./is-built";
import { posthogVariables, readPosthogSettings } from "./posthog/settings.server";
import { unknownPosthogVariables } from "./posthog/unknown-variables.server";

/** Its message tells the operator which variable is wrong and how it must look. */
export class EnvProblem extends Error {}

const levels = ["fatal", "error", "warn", "info", "debug", "trace", "silent"] as const;
const wholeNumber = (least: number, most: number) =>
  z
    .string()
    .regex(/^\d+$/, `has to be a whole number from ${least} to ${most}`)
    .transform(Number)
    .refine((n) => n >= least && n <= most, `has to be a whole number from ${least} to ${most}`);

function toOrigin(text: string): string | null {
  if (!URL.canParse(text)) return null;
  const { protocol, origin, pathname, search, hash, username } = new URL(text);
  const isBare = pathname === "/" && search === "" && hash === "" && username === "";
  return isBare && (protocol === "http:" || protocol === "https:") ? origin : null;
}

const maxHops = 10;
const howToTrust =
  "has to be the number of proxies in front of Latchkey, such as 1, or their addresses, such as 10.0.0.1,192.168.0.0/16 (false: there is none)";

/** Parses a number of hops, a list of addresses and ranges, or false. */
function toTrust(text: string, context: z.RefinementCtx): TrustProxy {
  if (text === "false" || text === "0") return false;
  const parts = text.split(",").map((part) => part.trim());
  if (/^\d{1,2}$/.test(text) && Number(text) <= maxHops) return Number(text);
  if (parts.every(isAddressOrRange)) return parts;
  const why = text === "true" ? "cannot be true: clients could then choose the address they are known by. It " : "";
  context.addIssue({ code: "custom", message: why + howToTrust });
  return z.NEVER;
}

/** Host names and addresses in lower case, or null if one is not. */
function toHosts(text: string): string[] | null {
  const hosts = text.split(",").flatMap((part) => part.trim().toLowerCase() || []);
  const isHost = (host: string) => isIP(host) !== 0 || /^[a-z0-9_]([a-z0-9._-]{0,251}[a-z0-9])?$/.test(host);
  return hosts.every(isHost) ? hosts : null;
}

const variables = z.object({
  NODE_ENV: z.string().optional(),
  DATABASE_URL: z
    .string()
    .regex(/^(file:.|postgres(ql)?:\/\/)/, "has to begin with file: (SQLite) or postgres:// (PostgreSQL)")
    .default("file:./data/latchkey.db"),
  HOST: z.string().default("127.0.0.1"),
  PORT: wholeNumber(0, 65_535).default(3000),
  PUBLIC_URL: z
    .string()
    .transform(toOrigin)
    .refine((origin) => origin !== null, "has to be a bare origin without a path, such as https://latchkey.example.com")
    .optional(),
  TRUST_PROXY: z.string().transform(toTrust).default(false),
  LOG_LEVEL: z.enum(levels, `has to be one of ${levels.join(", ")}`).default("info"),
  LATCHKEY_OWNER_EMAIL: z.email("has to be an e-mail address").optional(),
  LATCHKEY_OWNER_PASSWORD: z.string().optional(),
  DATABASE_CONNECTIONS: wholeNumber(minConnections, 1_000).default(defaultConnections),
  SESSION_IDLE_MINUTES: wholeNumber(1, 10_080).default(30),
  SESSION_MAX_HOURS: wholeNumber(1, 720).default(12),
  METRICS_TOKEN: z.string().min(16, "has to have at least 16 characters").optional(),
  SHUTDOWN_DELAY_SECONDS: wholeNumber(0, 300).default(0),
  LATCHKEY_CACHE_MB: wholeNumber(1, 1_048_576).default(256),
  LATCHKEY_CHECK_COUNT_DAYS: wholeNumber(31, 36_500).default(400),
  LATCHKEY_RATE_LIMIT: wholeNumber(0, 10_000_000).default(6_000),
  LATCHKEY_CHECK_RATE_LIMIT: wholeNumber(0, 10_000_000).default(0),
  LATCHKEY_BROWSER_RATE_LIMIT: wholeNumber(0, 10_000_000).default(6_000),
  LATCHKEY_BROWSER_STREAMS: wholeNumber(1, 499).default(400),
  LATCHKEY_WEBHOOK_ALLOW_HOSTS: z
    .string()
    .transform(toHosts)
    .refine((hosts) => hosts !== null, "has to be names or addresses of hosts, separated by commas, without a scheme or port")
    .transform((hosts) => hosts ?? [])
    .default([]),
});

/** The program's only reader of process.env. Throws an EnvProblem that names every invalid variable. */
export function readEnv(source: Record<string, string | undefined> = process.env) {
  // An empty variable counts as unset, because compose files and shells write it so.
  const names = new Set([...Object.keys(variables.shape), ...posthogVariables]);
  const isSet = (entry: [string, string | undefined]): entry is [string, string] => names.has(entry[0]) && !!entry[1];
  const given = Object.fromEntries(Object.entries(source).filter(isSet));
  const parsed = variables.safeParse(given);
  if (!parsed.success) throw new EnvProblem(parsed.error.issues.map(({ path, message }) => `${String(path[0])} ${message}.`).join("\n"));
  const posthog = readPosthogSettings(given);
  if (posthog.problems.length > 0) throw new EnvProblem(posthog.problems.join("\n"));
  const env = parsed.data;
  const { LATCHKEY_OWNER_EMAIL: email, LATCHKEY_OWNER_PASSWORD: password } = env;
  if ((email === undefined) !== (password === undefined)) {
    throw new EnvProblem("LATCHKEY_OWNER_EMAIL and LATCHKEY_OWNER_PASSWORD go together: set both, or neither.");
  }
  return {
    /** Always true for a build; false only for the sources with NODE_ENV=development. */
    production: isBuilt || env.NODE_ENV !== "development",
    databaseUrl: env.DATABASE_URL,
    /** How many one node opens to PostgreSQL at most, with the process beside its server. */
    databaseConnections: env.DATABASE_CONNECTIONS,
    host: env.HOST,
    port: env.PORT,
    /** Null: links use the host of each request. */
    publicUrl: env.PUBLIC_URL ?? null,
    trustProxy: env.TRUST_PROXY,
    logLevel: env.LOG_LEVEL,
    owner: email !== undefined && password !== undefined ? { email, password } : null,
    /** Null: /metrics is off. */
    metricsToken: env.METRICS_TOKEN ?? null,
    sessionIdleMs: env.SESSION_IDLE_MINUTES * minute,
    sessionMaxMs: env.SESSION_MAX_HOURS * hour,
    /** Null if PostHog is off. */
    posthog: posthog.settings,
    /** Every variable that the program reads, without secrets. */
    variables: describeEnvironment(variableNames, given),
    /** Sentences about set variables that have no effect, for the log of a start. */
    warnings: unknownPosthogVariables(source),
    /** How long requests are accepted after SIGTERM while `/readyz` says no, in ms. */
    shutdownDelayMs: env.SHUTDOWN_DELAY_SECONDS * 1_000,
    /** Size of the facts cache in bytes. */
    cacheBytes: env.LATCHKEY_CACHE_MB * 1024 * 1024,
    checkCountsAreKept: env.LATCHKEY_CHECK_COUNT_DAYS * day,
    /** Requests per minute per API key, apart from checks; 0 means no limit. */
    requestsPerMinute: env.LATCHKEY_RATE_LIMIT,
    checksPerMinute: env.LATCHKEY_CHECK_RATE_LIMIT,
    /** Per minute, for all browser keys and tokens of a tenant together, checks included; 0 means no limit. */
    browserRequestsPerMinute: env.LATCHKEY_BROWSER_RATE_LIMIT,
    /** Open streams of all browser keys and tokens of a tenant. */
    browserStreams: env.LATCHKEY_BROWSER_STREAMS,
    /** Hosts of webhooks that may have private addresses. */
    webhookAllowHosts: env.LATCHKEY_WEBHOOK_ALLOW_HOSTS,
  };
}

/** Every variable that the program reads, NODE_ENV aside. */
export const variableNames = [...Object.keys(variables.shape), ...posthogVariables].filter((name) => name !== "NODE_ENV");

export type Env = ReturnType<typeof readEnv>;
