import { afterEach, describe, expect, test } from "vitest";
import { startFakePosthog } from "../fake-posthog/start";
import { runCli } from "../support/cli";
import { until } from "../support/poll";
import { pidsOf } from "../support/processes";
import { startProgram } from "../support/program";
import { engines, freshDatabaseUrl } from "../support/services";

/** On a busy machine. Each job waits for the rest of the killed process's lease. */
const patient = { timeout: 600_000 };
const tenants = 3_000;
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

describe.each(engines)("each kind of job on %s whose process is killed", (engine) => {
  test("is resumed where it stopped: everything is done once, with one result and one audit entry", patient, async () => {
    const fake = await startFakePosthog();
    const { url, remove } = await freshDatabaseUrl(engine);
    const program = await startProgram({
      DATABASE_URL: url,
      LATCHKEY_RATE_LIMIT: "0",
      POSTHOG_HOST: fake.origin,
      POSTHOG_PROJECT_API_KEY: fake.state.projectKey,
      POSTHOG_SECRET_KEY: fake.state.secretKey,
      POSTHOG_PROJECT_ID: "1",
    });
    stops.push(fake.close, remove, program.kill);
    const world = await worldOf(program, url);
    const { send, all } = world;
    const keys = Array.from({ length: tenants }, (_, i) => `t${i}`);
    const once = (found: unknown[]) => expect([found.length, new Set(found).size]).toEqual([tenants, tenants]);
    const subjectsOf = async (action: string) => (await all(`/api/audit?action=${action}&`)).map(({ subject }) => subject);
    const catalogue = { latchkey: 1, features: { sso: {} }, plans: { free: {}, pro: { features: { sso: true } } } };
    await send("/api/catalogue/import", catalogue);

    const csv = await send("/api/tenants/import", `key,name,plan\n${keys.map((key) => `${key},Tenant ${key},free\n`).join("")}`);
    await resumes(world, csv, { created: tenants, skipped: 0 });
    once(await subjectsOf("tenant.created"));

    const act = { act: "grant_trial", features: [{ feature: "sso" }], days: 14, tenants: { filter: { plan: "free" } } };
    await resumes(world, await send("/api/bulk", act), { skipped: 0 });
    once((await all("/api/grants?kind=trial&feature=sso&")).map(({ tenant }) => tenant));
    const granted = await all("/api/audit?action=trial.granted&");
    once(granted.map(({ subject }) => subject));

    await resumes(world, await send(`/api/audit/${granted[0]?.seq}/undo`, {}), { skipped: 0 });
    expect(await all("/api/grants?kind=trial&feature=sso&state=live&")).toEqual([]);
    once(await subjectsOf("undo.trial.granted"));

    const groups = async () => fake.state.groups.get("organization")?.size === tenants || undefined;
    await until(groups, 120_000, () => "the tenants are not sent to PostHog");
    await send("/api/posthog/drift", {});
    const { items } = await world.ask("/api/jobs?limit=1");
    // A tenant that waits to be sent again is skipped.
    await resumes(world, items[0], {});

    const file = { ...catalogue, tenants: Object.fromEntries(keys.map((key) => [key, { plan: "pro" }])) };
    const queued = await send("/api/catalogue/import", file, { prefer: "respond-async" });
    // One transaction: the process is killed at once, because nothing shows how far it is.
    await killWorker(world, queued.id, () => true);
    await isDone(world, queued.id);
    once(await subjectsOf("tenant.plan_changed"));
    expect((await all("/api/tenants?plan=pro&")).length).toBe(tenants);
  });
});

type World = Awaited<ReturnType<typeof worldOf>>;
type Item = { [field: string]: unknown };
type JobNow = { state: string; total: number | null; done: number; skipped: number };

/** Asks a program with a key of its own. `url`: its database, by which its processes are found. */
async function worldOf(program: Awaited<ReturnType<typeof startProgram>>, url: string) {
  const made = await runCli(["keys", "create", "--name", "t", "--scope", "manage", "--json"], program.env);
  const authorization = `Bearer ${JSON.parse(made.stdout).key}`;
  const ask = async (path: string, init: RequestInit = {}) => {
    const answer = await fetch(`${program.url}${path}`, { ...init, headers: { authorization, ...init.headers } });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  return {
    ask,
    /** Text is a CSV file. */
    send: (path: string, body: object | string, headers = {}) => {
      const isText = typeof body === "string";
      const type = isText ? "text/csv" : "application/json";
      return ask(path, { method: "POST", body: isText ? body : JSON.stringify(body), headers: { "content-type": type, ...headers } });
    },
    all: async (path: string): Promise<Item[]> => {
      const items: Item[] = [];
      for (let cursor = ""; ; ) {
        const page = await ask(`${path}limit=200${cursor}`);
        items.push(...page.items);
        if (page.next === null) return items;
        cursor = `&cursor=${page.next}`;
      }
    },
    job: (id: string): Promise<JobNow> => ask(`/api/jobs/${id}`),
    workers: () => pidsOf(/background\.js/, url),
  };
}

/** Kills the process that runs jobs, once the job `isReached`, and waits until there is another process. */
async function killWorker({ job, workers }: World, id: string, isReached: (now: JobNow) => boolean): Promise<void> {
  const reached = async () => isReached(await job(id)) || undefined;
  await until(reached, 60_000, () => "the job does not begin");
  const [worker] = workers();
  process.kill(worker as number, "SIGKILL");
  const isReplaced = async () => workers().some((pid) => pid !== worker) || undefined;
  await until(isReplaced, 60_000, () => "no other process was started");
}

async function isDone({ job }: World, id: string): Promise<void> {
  const isOver = async () => !["queued", "running"].includes((await job(id)).state) || undefined;
  await until(isOver, 120_000, () => "the job is not resumed");
  expect(await job(id)).toMatchObject({ state: "done", failed: 0 });
}

/** Kills the process that runs the job in the middle, and waits until another one has ended it. */
async function resumes(world: World, { id }: { id: string }, counts: object): Promise<void> {
  await killWorker(world, id, ({ state, done }) => state === "running" && done >= 100);
  const left = await world.job(id);
  expect([left.state, left.done < tenants]).toEqual(["running", true]);
  await isDone(world, id);
  const ended = await world.job(id);
  expect(ended).toMatchObject({ total: tenants, ...counts });
  expect(ended.done + ended.skipped).toBe(tenants);
  const items = await world.all(`/api/jobs/${id}/items?`);
  expect(items.map(({ seq }) => seq)).toEqual(Array.from({ length: tenants }, (_, i) => i + 1));
  expect(new Set(items.map(({ subject }) => subject)).size).toBe(tenants);
}
