import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import Sqlite from "better-sqlite3";
import { fillLargeDataset, planKey, tenantKey } from "../tests/support/large-dataset";
import { benchKey, temporaryFile, withServices } from "./database";
import { rounded } from "./numbers";
import { fromHere, root, stop, untilLine } from "./process";
import { oneFeature } from "./questions";

/** Of the tenants about 27,000 have a live trial, and 10,000 the plan whose tenants are suspended. */
const size = { tenants: 100_000, plans: 20, features: 100, entriesPerPlan: 20, days: 1 };
const checkEveryMs = 10;
const idleSeconds = 20;
/** For the worker process, which computes figures of a database that is new to it. */
const settleSeconds = 20;
const maxJobMs = 30 * 60_000;
/** Allowed distance of a check's p99 beside a job from the idle one before it, in ms. */
const expectedAboveIdleMs = 3;

type Job = { id: string; state: string; total: number | null; done: number; skipped: number; failed: number; problem: string | null };
type Checks = { checks: number; notAnswered: number; p50Ms: number; p99Ms: number; slowestMs: number };

/**
 * A bulk act over 27,000 of 100,000 tenants whose process is killed in the middle, another one that is cancelled, and
 * the undo of the first one, with checks at a constant pace beside them and the idle server between them. Server and
 * load share the cores.
 */
export async function benchJobs() {
  const file = temporaryFile("jobs");
  const key = await withServices(file, async (services) => {
    await fillLargeDataset(services, `file:${file}`, size);
    return benchKey(services, ["check", "manage"]);
  });
  const { child, port } = await startServer(file);
  try {
    const api = apiOf(port, key);
    await api("PUT", "/api/features/bench", {});
    await wait(settleSeconds * 1_000);
    const phases: { [phase: string]: unknown } = {};
    let idle: Checks | undefined;
    const phase = async (name: string, work: () => Promise<object>) => {
      idle = await besideChecks({ port, key }, () => wait(idleSeconds * 1_000));
      const began = performance.now();
      let found: object = {};
      const checks = await besideChecks({ port, key }, async () => {
        found = await work();
      });
      const seconds = rounded((performance.now() - began) / 1_000);
      const p99AboveIdleMs = rounded(checks.p99Ms - idle.p99Ms);
      phases[name] = { ...found, seconds, idle, checks, p99AboveIdleMs, expectedAboveIdleMs };
      process.stdout.write(`${name}: ${JSON.stringify(phases[name])}\n`);
    };

    const onTrial = { tenants: { filter: { trial: "live" } } };
    const onPlan = { tenants: { filter: { plan: planKey(1) } } };
    let granted = "";
    await phase("grantWithKill", async () => {
      granted = (await api<Job>("POST", "/api/bulk", { act: "grant_trial", features: [{ feature: "bench" }], days: 30, ...onTrial })).id;
      const before = await untilJob(api, granted, ({ done }) => done >= 10_000);
      const worker = childrenOf(child).find((pid) => /background\.js/.test(commandOf(pid)));
      if (worker === undefined) throw new Error("The worker process was not found.");
      process.kill(worker, "SIGKILL");
      return { killedAfter: before.done, ...(await endOf(api, granted)) };
    });
    let suspended = "";
    await phase("cancelled", async () => {
      suspended = (await api<Job>("POST", "/api/bulk", { act: "suspend", ...onPlan })).id;
      await untilJob(api, suspended, ({ done }) => done >= 3_000);
      await api("POST", `/api/jobs/${suspended}/cancel`);
      return endOf(api, suspended);
    });
    let undone = "";
    await phase("undo", async () => {
      const { items } = await api<{ items: { seq: number }[] }>("GET", "/api/audit?action=trial.granted&limit=1");
      undone = (await api<Job>("POST", `/api/audit/${items[0]?.seq}/undo`)).id;
      return endOf(api, undone);
    });
    return { tenants: size.tenants, checkEveryMs, idleSeconds, ...phases, rows: countRows(file, { granted, suspended, undone }) };
  } finally {
    await stop(child);
  }
}

/** Each tenant once: rows of the database, counted beside the program. */
function countRows(file: string, jobs: { [job: string]: string }) {
  const db = new Sqlite(file, { readonly: true, timeout: 10_000 });
  const one = (sql: string, ...params: unknown[]) =>
    db
      .prepare(sql)
      .pluck()
      .get(...params) as number;
  const counted = Object.entries(jobs).map(([name, id]) => [
    name,
    {
      done: one("select done from jobs where id = ?", id),
      results: one("select count(*) from job_items where job_id = ?", id),
      tenantsInResults: one("select count(distinct subject) from job_items where job_id = ?", id),
      auditEntries: one("select count(*) from audit where change_set = ?", id),
      tenantsInAudit: one("select count(distinct subject) from audit where change_set = ?", id),
    },
  ]);
  const found = {
    ...Object.fromEntries(counted),
    trialsGranted: one("select count(*) from grants where feature = 'bench'"),
    trialsLeft: one("select count(*) from grants where feature = 'bench' and ended_at is null"),
    tenantsSuspendedByTheJob: one("select count(distinct subject) from audit where action = 'tenant.suspended'"),
  };
  db.close();
  return found;
}

type Api = ReturnType<typeof apiOf>;

function apiOf(port: number, key: string) {
  return async <Answer = unknown>(method: string, path: string, body?: object): Promise<Answer> => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const text = body ? JSON.stringify(body) : method === "GET" ? undefined : "{}";
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method, headers, body: text });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return (await response.json()) as Answer;
  };
}

async function untilJob(api: Api, id: string, isReached: (job: Job) => boolean): Promise<Job> {
  for (const began = performance.now(); performance.now() - began < maxJobMs; await wait(250)) {
    const job = await api<Job>("GET", `/api/jobs/${id}`);
    if (isReached(job)) return job;
    if (!["queued", "running"].includes(job.state)) throw new Error(`The job ended: ${JSON.stringify(job)}`);
  }
  throw new Error(`The job ${id} takes too long.`);
}

async function endOf(api: Api, id: string) {
  const { state, total, done, skipped, failed, problem } = await untilJob(api, id, (job) => !["queued", "running"].includes(job.state));
  return { state, total, done, skipped, failed, problem };
}

/** p50 and p99 of a check that is sent every few milliseconds while something else happens. */
async function besideChecks({ port, key }: { port: number; key: string }, work: () => Promise<unknown>): Promise<Checks> {
  const paths = Array.from({ length: 500 }, (_, i) => oneFeature(tenantKey(i * 7), "f1"));
  const checking = node([fromHere("paced-checks.mjs")], {}, JSON.stringify({ port, paths, key, everyMs: checkEveryMs }));
  await untilLine(checking, /^ready$/);
  await work();
  checking.kill("SIGTERM");
  const [, line = "[]"] = await untilLine(checking, /^(\[.*\])$/);
  const samples = JSON.parse(line) as [sentAt: number, ms: number, status: number][];
  const times = samples.map(([, ms]) => ms).sort((a, b) => a - b);
  const at = (share: number) => rounded(times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0);
  const notAnswered = samples.filter(([, , status]) => status !== 200).length;
  return { checks: samples.length, notAnswered, p50Ms: at(0.5), p99Ms: at(0.99), slowestMs: rounded(times.at(-1) ?? 0) };
}

const childrenOf = ({ pid }: ChildProcess): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
const commandOf = (pid: number) => readFileSync(`/proc/${pid}/cmdline`, "utf8");

function node(args: string[], env: { [name: string]: string }, input = ""): ChildProcess {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { PATH: process.env.PATH, NODE_ENV: "production", ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  child.stdin.end(input);
  return child;
}

async function startServer(file: string) {
  const env = { HOST: "127.0.0.1", PORT: "0", DATABASE_URL: `file:${file}`, LOG_LEVEL: "error", LATCHKEY_RATE_LIMIT: "0" };
  const child = node(["build/server/main.js"], env);
  const [, port] = await untilLine(child, /ready on http:\/\/127\.0\.0\.1:(\d+)/);
  return { child, port: Number(port) };
}
