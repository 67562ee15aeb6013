import { afterEach, describe, expect, test } from "vitest";
import { runCli } from "../support/cli";
import { until } from "../support/poll";
import { pidsOf } from "../support/processes";
import { startProgram } from "../support/program";
import { engines, freshDatabaseUrl } from "../support/services";

/** On a busy machine. The job waits for the rest of the killed process's lease. */
const patient = { timeout: 180_000 };
const rows = 2_000;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.each(engines)("an import from CSV on %s whose process is killed", (engine) => {
  test("is resumed where it stopped: each row is done once, with one result and one audit entry", patient, async () => {
    const { url, remove } = await freshDatabaseUrl(engine);
    const program = await startProgram({ DATABASE_URL: url, LATCHKEY_RATE_LIMIT: "0" });
    stops.push(remove, program.kill);
    const made = await runCli(["keys", "create", "--name", "t", "--scope", "manage", "--json"], program.env);
    const authorization = `Bearer ${JSON.parse(made.stdout).key}`;
    const ask = async (path: string, body?: string, type = "text/csv") => {
      const sent = body === undefined ? {} : { method: "POST", body };
      const answer = await fetch(`${program.url}${path}`, {
        ...sent,
        headers: { authorization, ...(body === undefined ? {} : { "content-type": type }) },
      });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return answer.json();
    };
    const all = async (path: string) => {
      const items: { [field: string]: unknown }[] = [];
      for (let cursor = ""; ; ) {
        const page = await ask(`${path}limit=200${cursor}`);
        items.push(...page.items);
        if (page.next === null) return items;
        cursor = `&cursor=${page.next}`;
      }
    };
    await ask("/api/catalogue/import", JSON.stringify({ latchkey: 1, features: { sso: {} }, plans: { free: {} } }), "application/json");
    const keys = Array.from({ length: rows }, (_, i) => `t${i}`);
    const { id } = await ask("/api/tenants/import", `key,name,plan\n${keys.map((key) => `${key},Tenant ${key},free\n`).join("")}`);
    const job = () => ask(`/api/jobs/${id}`);
    const workers = () => pidsOf(/background\.js/, url);
    const begun = await until(
      async () => {
        const now = await job();
        return now.done >= 100 ? now : undefined;
      },
      60_000,
      () => "the job does not begin",
    );
    expect([begun.state, begun.total]).toEqual(["running", rows]);
    const [worker] = workers();
    process.kill(worker as number, "SIGKILL");
    await until(
      async () => workers().some((pid) => pid !== worker) || undefined,
      60_000,
      () => "no other process was started",
    );
    const isOver = async () => ((await job()).state === "running" ? undefined : true);
    await until(isOver, 120_000, () => "the job is not resumed");
    expect(await job()).toMatchObject({ state: "done", total: rows, done: rows, created: rows, skipped: 0, failed: 0 });
    const items = await all(`/api/jobs/${id}/items?`);
    expect(items.map(({ seq }) => seq)).toEqual(keys.map((_, i) => i + 1));
    const once = (found: unknown[]) => expect([found.length, new Set(found).size]).toEqual([rows, rows]);
    once(items.map(({ subject }) => subject));
    once((await all("/api/audit?action=tenant.created&")).map(({ subject }) => subject));
  });
});
