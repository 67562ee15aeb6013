import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { benchKey, importGitlab, temporaryFile, withServices } from "./database";
import { rounded } from "./numbers";
import { fromHere, startNode, startServer, stop, untilLine } from "./process";

const rows = 100_000;
/** Of the paced check, in ms. */
const everyMs = 5;
const pollMs = 500;
const idleMs = 5_000;

type Sample = [sentAt: number, ms: number, status: number];
type Part = { from: number; to: number };

/** 100,000 rows of CSV, sent to the API and imported as a job, with paced checks beside it and after it. */
export async function benchImport() {
  const file = temporaryFile("import");
  const key = await withServices(file, async (services) => {
    await importGitlab(services);
    return benchKey(services, ["check", "manage"]);
  });
  const server = await startServer(file, { LATCHKEY_RATE_LIMIT: "0" });
  const ask = async (path: string, sent: RequestInit = {}) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "text/csv" };
    const answer = await fetch(`http://127.0.0.1:${server.port}${path}`, { ...sent, headers });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const pids = pidsUnder(server.child.pid as number);
  let jobId = "";
  const memory = { idleMb: pids.map(residentMb), peakMb: pids.map(residentMb) };
  const watch = setInterval(() => {
    pids.forEach((pid, i) => {
      memory.peakMb[i] = Math.max(memory.peakMb[i] ?? 0, residentMb(pid));
    });
  }, 100);
  const paths = ["/api/entitlements?tenant=t1&feature=sso", "/api/entitlements?tenant=t2&feature=epics"];
  const client = startNode([fromHere("paced-checks.mjs")], 1, { input: JSON.stringify({ port: server.port, paths, key, everyMs }) });
  try {
    await untilLine(client, /ready/);
    await pause(3_000); // caches and the compiler
    const [idle, upload, job] = [await during(() => pause(idleMs)), await during(send), await during(run)];
    client.kill("SIGTERM");
    const samples: Sample[] = JSON.parse(await text(client.stdout as NodeJS.ReadableStream));
    const checks = (part: Part) => checksOf(samples.filter(([at, ms]) => at + ms >= part.from && at <= part.to));
    return {
      rows,
      uploadS: rounded((upload.to - upload.from) / 1_000),
      jobS: rounded((job.to - job.from) / 1_000),
      memoryMb: memory,
      checkEveryMs: everyMs,
      checks: { idle: checks(idle), upload: checks(upload), job: checks(job) },
    };
  } finally {
    clearInterval(watch);
    client.kill();
    await stop(server.child);
  }

  async function send(): Promise<void> {
    const body = `key,name,plan,metadata.region\n${Array.from({ length: rows }, (_, i) => `t${i},Tenant ${i},free,eu\n`).join("")}`;
    ({ id: jobId } = await ask("/api/tenants/import", { method: "POST", body }));
  }

  async function run(): Promise<void> {
    for (;;) {
      const { state, created } = await ask(`/api/jobs/${jobId}`);
      if (state === "done" && created === rows) return;
      if (state !== "queued" && state !== "running") throw new Error(`The job is ${state}, with ${created} tenants.`);
      await pause(pollMs);
    }
  }
}

async function during(work: () => Promise<unknown>): Promise<Part> {
  const from = Date.now();
  await work();
  return { from, to: Date.now() };
}

function checksOf(samples: Sample[]) {
  const times = samples.map(([, ms]) => ms).sort((a, b) => a - b);
  const at = (share: number) => rounded(times[Math.floor(times.length * share)] ?? 0);
  const refused = samples.filter(([, , status]) => status !== 200).length;
  return { checks: times.length, p50Ms: at(0.5), p99Ms: at(0.99), slowestMs: rounded(times.at(-1) ?? 0), refused };
}

/** The server, its page process and its worker process, in the order of their start. Only on Linux. */
function pidsUnder(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
  return [pid, ...children.flatMap(pidsUnder)];
}

function residentMb(pid: number): number {
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024);
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
