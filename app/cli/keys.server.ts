import { type Command, InvalidArgumentError, Option } from "commander";
import type { z } from "zod";
import { type ApiScope, apiScopes } from "~/core/permissions";
import { day, hour, isoDay, isoOrNull, isoTime } from "~/core/time";
import { tenantKey } from "~/forms/entity-keys";
import { keyDays, keyName, keyOrigins, keyRuleProblem, overlapHours } from "~/forms/keys/api-key";
import { createKey, listKeys, revokeKey } from "~/server/keys/api-keys.server";
import { rotateKey, rotationRefusals } from "~/server/keys/key-rotation.server";
import { Failure } from "./failure.server";
import { print, printJson, printTable, remark } from "./print.server";
import { type Open, operator } from "./session.server";

type CreateOptions = {
  name: string;
  scope?: ApiScope[];
  tenant?: string;
  pub?: boolean;
  origin?: string[];
  expiresInDays?: number;
  json?: boolean;
};

export function registerKeys(program: Command, open: Open): void {
  const keys = program.command("keys").description("API keys, with which programs ask");

  const scope = new Option(
    "--scope <scope>",
    "check: ask for entitlements; usage: report consumption; manage: provision. May be given several times",
  );
  keys
    .command("create")
    .description("create an API key and print it; it is shown this once")
    .requiredOption("--name <name>", "for people to know it by", reading(keyName))
    .addOption(scope.choices(apiScopes).argParser(collectScopes))
    .option("--tenant <key>", "the only tenant that it may ask about", reading(tenantKey))
    .option("--pub", "for browsers: may only check, one tenant, from the pages of --origin")
    .option("--origin <origin>", "pages that may use it, or the tokens that it mints; may be given several times", collectOrigins)
    .option("--expires-in-days <days>", "until when it works (else until it is revoked)", readingNumber(keyDays))
    .option("--json", "answer as JSON, for programs")
    .action((options: CreateOptions, command: Command) => {
      if (!options.scope && !options.pub)
        command.error("error: required option '--scope <scope>' not specified", { code: "commander.missingMandatoryOptionValue" });
      return create(open, options);
    });

  keys
    .command("rotate")
    .description("create a key that takes over from another, which goes on working for a while")
    .argument("<id>", "as keys list shows it")
    .option("--overlap-hours <hours>", "how long the old key goes on working", readingNumber(overlapHours), 24)
    .option("--json", "answer as JSON, for programs")
    .action((id: string, options: { overlapHours: number; json?: boolean }) => rotate(open, id, options));

  keys
    .command("revoke")
    .description("refuse a key from now on")
    .argument("<id>", "as keys list shows it")
    .action(async (id: string) => {
      if ((await revokeKey(await open(), operator(), id)) === "unknown")
        throw new Failure(`There is no API key ${id}. See: latchkey keys list`);
      print(`${id} is revoked.`);
    });

  keys
    .command("list")
    .description("list API keys, newest first")
    .option("--json", "answer as JSON, for programs")
    .action(({ json }: { json?: boolean }) => list(open, json));
}

async function create(open: Open, options: CreateOptions): Promise<void> {
  const { name, pub, scope = pub ? ["check"] : [], tenant = null, origin: origins = null, expiresInDays, json } = options;
  const kind = pub ? "pub" : "live";
  const problem = keyRuleProblem({ kind, scopes: scope, tenant, origins });
  if (problem) throw new Failure(problem.message);
  const services = await open();
  const expiresAt = expiresInDays === undefined ? null : services.now() + expiresInDays * day;
  const scopes = apiScopes.filter((s) => scope.includes(s));
  const { id, key } = await createKey(services, operator(), { name, scopes, kind, tenant, origins, expiresAt });
  if (json) return printJson({ id, key, name, kind, scopes, tenant, origins, expiresAt: isoOrNull(expiresAt) });
  remark(`API key ${id} for ${name}. Keep it now: it is not shown again.`);
  print(key);
}

async function rotate(open: Open, old: string, { overlapHours, json }: { overlapHours: number; json?: boolean }): Promise<void> {
  const rotated = await rotateKey(await open(), operator(), old, overlapHours * hour);
  if (!rotated.ok) throw new Failure(`${rotationRefusals[rotated.why]} See: latchkey keys list`);
  const { id, key, expiresAt, oldEndsAt } = rotated;
  if (json) return printJson({ id, key, replaces: old, expiresAt: isoOrNull(expiresAt), oldEndsAt: isoTime(oldEndsAt) });
  remark(`API key ${id} takes over from ${old}, which works until ${isoTime(oldEndsAt)}. Keep it now: it is not shown again.`);
  if (expiresAt !== null) remark(`It ends at ${isoTime(expiresAt)}.`);
  print(key);
}

async function list(open: Open, json?: boolean): Promise<void> {
  const services = await open();
  const now = services.now();
  const keys = await listKeys(services);
  if (json) {
    const asJson = ({ createdAt, expiresAt, revokedAt, lastUsedAt, ...key }: (typeof keys)[number]) => ({
      ...key,
      createdAt: isoTime(createdAt),
      expiresAt: isoOrNull(expiresAt),
      revokedAt: isoOrNull(revokedAt),
      lastUsedAt: isoOrNull(lastUsedAt),
    });
    return printJson(keys.map(asJson));
  }
  const state = (key: (typeof keys)[number]) => {
    if (key.revokedAt !== null) return `revoked ${isoDay(key.revokedAt)}`;
    if (key.expiresAt === null) return "works";
    return `${key.expiresAt <= now ? "expired" : "works until"} ${isoDay(key.expiresAt)}`;
  };
  const used = ({ lastUsedAt }: (typeof keys)[number]) => (lastUsedAt === null ? "never" : isoDay(lastUsedAt));
  const rows = keys.map((key) => [key.id, key.hint, key.scopes.join("+"), key.tenant ?? "all", state(key), used(key), key.name]);
  printTable(["ID", "KEY", "SCOPES", "TENANT", "STATE", "LAST USED", "NAME"], rows);
}

function collectScopes(given: string, before: ApiScope[] = []): ApiScope[] {
  const scope = apiScopes.find((s) => s === given);
  if (!scope) throw new InvalidArgumentError(`Choose one of ${apiScopes.join(", ")}.`);
  return [...before, scope];
}

function collectOrigins(given: string, before: string[] = []): string[] {
  return reading(keyOrigins)([...before, given]);
}

function reading<Given, T>(schema: z.ZodType<T>): (given: Given) => T {
  return (given) => {
    const read = schema.safeParse(given);
    if (read.success) return read.data;
    throw new InvalidArgumentError(read.error.issues[0]?.message ?? "");
  };
}

const readingNumber = (schema: z.ZodType<number>) => (text: string) => reading(schema)(Number(text));
