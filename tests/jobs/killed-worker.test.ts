import { afterEach, describe, expect, test } from "vitest";
import { runCli } from "../support/cli";
import { until } from "../support/poll";
import { pidsOf } from "../support/processes";
import { startProgram } from "../support/program";
import { engines, freshDatabaseUrl } from "../support/services";

/** On a busy machine. The job waits for the rest of the killed process's lease. */
const patient = { timeout: 300_000 };
const tenants = 3_000;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.each(engines)("a bulk job on %s, and its undo, whose process is killed", (engine) => {
  test("are resumed where they stopped: each tenant is changed once, with one result and one audit entry", patient, async () => {
    const { url, remove } = await freshDatabaseUrl(engine);
    const program = await startProgram({ DATABASE_URL: url, LATCHKEY_RATE_LIMIT: "0" });
    stops.push(remove, program.kill);
    const made = await runCli(["keys", "create", "--name", "t", "--scope", "manage", "--json"], program.env);
    const headers = { authorization: `Bearer ${JSON.parse(made.stdout).key}`, "content-type": "application/json" };
    const ask = async (path: string, body?: object) => {
      const answer = await fetch(`${program.url}${path}`, body ? { method: "POST", headers, body: JSON.stringify(body) } : { headers });
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
    const keys = Array.from({ length: tenants }, (_, i) => `t${i}`);
    const file = {
      latchkey: 1,
      features: { sso: {} },
      plans: { free: {} },
      tenants: Object.fromEntries(keys.map((key) => [key, { plan: "free" }])),
    };
    await ask("/api/catalogue/import", file);

    const act = { act: "grant_trial", features: [{ feature: "sso" }], days: 14, tenants: { filter: { plan: "free" } } };
    const once = (found: unknown[]) => expect([found.length, new Set(found).size]).toEqual([tenants, tenants]);
    await resumes({ ...(await ask("/api/bulk", act)), ask, all, url });
    once((await all("/api/grants?kind=trial&feature=sso&")).map(({ tenant }) => tenant));
    const granted = await all("/api/audit?action=trial.granted&");
    once(granted.map(({ subject }) => subject));

    await resumes({ ...(await ask(`/api/audit/${granted[0]?.seq}/undo`, {})), ask, all, url });
    expect(await all("/api/grants?kind=trial&feature=sso&state=live&")).toEqual([]);
    once((await all("/api/audit?action=undo.trial.granted&")).map(({ subject }) => subject));
  });
});

type Job = { id: string; ask: (path: string) => Promise<{ state: string; total: number; done: number }>; all: All; url: string };
type All = (path: string) => Promise<{ [field: string]: unknown }[]>;

/** Kills the process that runs the job in the middle, and waits until another one has ended it. */
async function resumes({ id, ask, all, url }: Job): Promise<void> {
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
  expect([begun.state, begun.total]).toEqual(["running", tenants]);
  const [worker] = workers();
  process.kill(worker as number, "SIGKILL");
  await until(
    async () => workers().some((pid) => pid !== worker) || undefined,
    60_000,
    () => "no other process was started",
  );
  const left = await job();
  expect([left.state, left.done < tenants]).toEqual(["running", true]);

  const isOver = async () => ((await job()).state === "running" ? undefined : true);
  await until(isOver, 120_000, () => "the job is not resumed");
  expect(await job()).toMatchObject({ state: "done", total: tenants, done: tenants, skipped: 0, failed: 0 });
  const items = await all(`/api/jobs/${id}/items?`);
  expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: tenants }, (_, i) => i + 1));
  expect(new Set(items.map(({ subject }) => subject)).size).toBe(tenants);
}
