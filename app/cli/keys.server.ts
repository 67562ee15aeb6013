import { type Command, InvalidArgumentError, Option } from "commander";
import { isoTime } from "~/core/answer";
import type { Instant } from "~/core/model";
import { keyDays, keyName, keyScopes } from "~/forms/api-key";
import { createKey, listKeys, revokeKey } from "~/server/api-keys.server";
import { Failure } from "./failure.server";
import { print, printJson, printTable, remark } from "./print.server";
import { type Open, operator } from "./session.server";

type Scope = (typeof keyScopes)[number];
type CreateOptions = { name: string; scope: Scope[]; expiresInDays?: number; json?: boolean };

const day = 86_400_000;

export function register(program: Command, open: Open): void {
  const keys = program.command("keys").description("API keys, with which programs ask");

  const scope = new Option("--scope <scope>", "check: ask for entitlements; manage: provision too. May be given twice");
  keys
    .command("create")
    .description("create an API key and print it; it is shown this once")
    .requiredOption("--name <name>", "for people to know it by", readName)
    .addOption(scope.choices(keyScopes).argParser(collectScopes).makeOptionMandatory())
    .option("--expires-in-days <days>", "until when it works (else until it is revoked)", readDays)
    .option("--json", "answer as JSON, for programs")
    .action((options: CreateOptions) => create(open, options));

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

async function create(open: Open, { name, scope, expiresInDays, json }: CreateOptions): Promise<void> {
  const services = await open();
  const expiresAt = expiresInDays === undefined ? null : services.now() + expiresInDays * day;
  const scopes = keyScopes.filter((s) => scope.includes(s));
  const { id, key } = await createKey(services, operator(), { name, scopes, expiresAt });
  if (json) return printJson({ id, key, name, scopes, expiresAt: timeOrNull(expiresAt) });
  remark(`API key ${id} for ${name}. Keep it now: it is not shown again.`);
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
      expiresAt: timeOrNull(expiresAt),
      revokedAt: timeOrNull(revokedAt),
      lastUsedAt: timeOrNull(lastUsedAt),
    });
    return printJson(keys.map(asJson));
  }
  const state = (key: (typeof keys)[number]) => {
    if (key.revokedAt !== null) return `revoked ${dayOf(key.revokedAt)}`;
    if (key.expiresAt === null) return "works";
    return `${key.expiresAt <= now ? "expired" : "works until"} ${dayOf(key.expiresAt)}`;
  };
  const used = ({ lastUsedAt }: (typeof keys)[number]) => (lastUsedAt === null ? "never" : dayOf(lastUsedAt));
  const rows = keys.map((key) => [key.id, key.hint, key.scopes.join("+"), state(key), used(key), key.name]);
  printTable(["ID", "KEY", "SCOPES", "STATE", "LAST USED", "NAME"], rows);
}

const timeOrNull = (at: Instant | null) => (at === null ? null : isoTime(at));
const dayOf = (at: Instant) => isoTime(at).slice(0, 10);

function collectScopes(given: string, before: Scope[] = []): Scope[] {
  const scope = keyScopes.find((s) => s === given);
  if (!scope) throw new InvalidArgumentError(`Choose one of ${keyScopes.join(", ")}.`);
  return [...before, scope];
}

function readName(text: string): string {
  const read = keyName.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? "");
}

function readDays(text: string): number {
  const read = keyDays.safeParse(Number(text));
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? "");
}
