import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { catalogueChange } from "~/core/catalogue/catalogue-changes";
import { putTenant, type TenantForm } from "~/core/decision/changes";
import { endGrant, grantTrial } from "~/core/grants/grant-changes";
import type { TenantFacts } from "~/core/model";
import { day } from "~/core/time";
import { changeCatalogue } from "~/server/changes/catalogue-change.server";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { readEnv } from "~/server/env.server";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { createServices, stopServices } from "~/server/process/start.server";
import type { Services } from "~/server/services.server";
import { runCli } from "../tests/support/cli";
import { feature, plan } from "../tests/support/facts";
import { startPostgres } from "../tests/support/postgres-server";
import { startProgram } from "../tests/support/program";
import { operator } from "./database";

const rounds = 20;
const quietMs = 20_000;

type Answer = { status: number; entitled?: boolean; isStale?: boolean };
type Question = { kind: string; key: string; tenant: string; of: string; expected: "yes" | "no" | "401" };

/** First requests to a node of which only /readyz was asked for 20 s, after changes of each kind on another node. Counts old answers. */
export async function benchQuiet() {
  const postgres = await startPostgres();
  const a = await createServices(readEnv({ DATABASE_URL: postgres.url, LOG_LEVEL: "error", NODE_ENV: "production" }));
  const file = path.join(mkdtempSync(path.join(tmpdir(), "latchkey-quiet-")), "catalogue.yaml");
  try {
    await changeCatalogue(a, operator, (_facts, stamp) => {
      const parts = { features: [feature("sso"), feature("sms")], plans: [plan("pro", { sso: true }), plan("free")] };
      return { ok: true, change: catalogueChange("catalogue.imported", parts, stamp, null) };
    });
    const { key } = await createKey(a, operator, { name: "bench", scopes: ["check"], expiresAt: null });
    const b = await startProgram({
      DATABASE_URL: postgres.url,
      LATCHKEY_RATE_LIMIT: "0",
      LATCHKEY_CHECK_RATE_LIMIT: "0",
      LOG_LEVEL: "error",
    });
    const old: object[] = [];
    const byKind = new Map<string, number>();
    let asked = 0;
    let unavailable = 0;
    let revocable: { id: string; key: string }[] = [];
    try {
      for (let round = 0; round < rounds; round++) {
        const { questions, made } = await changeAll(a, key, round, revocable, { file, url: postgres.url });
        revocable = made;
        const until = performance.now() + quietMs;
        while (performance.now() < until) {
          await fetch(`${b.url}/readyz`);
          await wait(1_000);
        }
        const answers = await Promise.all(questions.map((question) => ask(b.url, question)));
        for (const [i, { kind, expected }] of questions.entries()) {
          asked += 1;
          byKind.set(kind, (byKind.get(kind) ?? 0) + 1);
          const answer = answers[i] as Answer;
          if (answer.status === 503) unavailable += 1;
          else if (told(answer) !== expected || answer.isStale) old.push({ round, kind, expected, ...answer });
        }
        process.stdout.write(`round ${round + 1} of ${rounds}: ${asked} first requests, ${old.length} old\n`);
      }
    } finally {
      await b.stop();
    }
    return {
      rounds,
      quietMs,
      firstRequests: asked,
      unavailable,
      byKind: Object.fromEntries(byKind),
      old: old.length,
      examples: old.slice(0, 10),
    };
  } finally {
    await stopServices(a);
    await postgres.stop();
  }
}

const told = ({ status, entitled }: Answer) => (status === 200 ? (entitled ? "yes" : "no") : String(status));

async function ask(url: string, { key, tenant, of }: Question): Promise<Answer> {
  const answer = await fetch(`${url}/api/entitlements?tenant=${tenant}&feature=${of}`, { headers: { authorization: `Bearer ${key}` } });
  const body = await answer.json();
  return { status: answer.status, entitled: body.entitlements?.[of].entitled, isStale: body.isStale };
}

async function changeAll(
  a: Services,
  key: string,
  round: number,
  revocable: { id: string; key: string }[],
  { file, url }: { file: string; url: string },
) {
  const questions: Question[] = [];
  const isEven = round % 2 === 0;
  const note = (kind: string, tenant: string, expected: Question["expected"], of = "sso", by = key) =>
    questions.push({ kind, key: by, tenant, of, expected });
  const put = async (tenant: string, form: TenantForm) => {
    const done = await changeTenant(a, tenant, operator, (facts, c, stamp) => putTenant(facts, tenant, form, c, stamp));
    if (!done.ok) throw new Error(done.message);
  };

  for (let i = 0; i < 10; i++) {
    await put(`status-${i}`, { plan: "pro", status: isEven ? "suspended" : "active" });
    note("suspended or active again", `status-${i}`, isEven ? "no" : "yes");
    await put(`plan-${i}`, { plan: isEven ? "free" : "pro" });
    note("another plan", `plan-${i}`, isEven ? "no" : "yes");
  }
  for (let i = 0; i < 6; i++) {
    const tenant = `trial-${i}`;
    if (isEven) await put(tenant, { plan: "free" });
    const done = await changeTenant(a, tenant, operator, (facts, c, stamp) =>
      isEven
        ? grantTrial(facts as TenantFacts, { features: [{ feature: "sso" }], endsAt: a.now() + day }, c, stamp)
        : endGrant(facts as TenantFacts, { grant: (facts as TenantFacts).grants.at(-1)?.id ?? "" }, stamp),
    );
    if (!done.ok) throw new Error(done.message);
    note("trial granted or ended", tenant, isEven ? "yes" : "no");
  }
  for (let i = 0; i < 8; i++) {
    await put(`new-${round}-${i}`, { plan: "pro" });
    note("new tenant", `new-${round}-${i}`, "yes");
  }
  const made: { id: string; key: string }[] = [];
  for (let i = 0; i < 6; i++) {
    const one = await createKey(a, operator, { name: "k", scopes: ["check"], expiresAt: null });
    made.push(one);
    note("new key", `new-${round}-0`, "yes", "sso", one.key);
  }
  for (const one of revocable) {
    await revokeKey(a, operator, one.id);
    note("revoked key", `new-${round}-0`, "401", "sso", one.key);
  }
  const pro = isEven ? { sso: true, sms: true } : { sso: true };
  writeFileSync(
    file,
    JSON.stringify({ latchkey: 1, features: { sso: {}, sms: {} }, plans: { pro: { rank: 10, features: pro }, free: { rank: 10 } } }),
  );
  const imported = await runCli(["import", file, "--yes"], { DATABASE_URL: url });
  if (imported.code !== 0) throw new Error(imported.stderr + imported.stdout);
  for (let i = 0; i < 5; i++) note("import by the command line", `new-${round}-${i}`, isEven ? "yes" : "no", "sms");
  return { questions, made };
}
