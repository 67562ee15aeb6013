import type { ChildProcess } from "node:child_process";
import http from "node:http";
import { text } from "node:stream/consumers";
import { putTenant } from "~/core/changes";
import { createKey } from "~/server/api-keys.server";
import { writeTenantChanges } from "~db/store/tenant-writes.server";
import { importGitlab, operator, temporaryFile, withServices } from "./database";
import { median, rounded } from "./numbers";
import { cpuOf, fromHere, startNode, startServer, stop, untilLine } from "./process";

const connections = 64;
const pairs = 11;
const seconds = 2;
const all = Array.from({ length: 3_000 }, (_, i) => `tenant-${1_000 + i}`);
/** Keys and revisions are equally long, so that all answers are. */
const tenants = all.slice(-1_000);

type Run = { perSecond: number; p50: number; p99: number; cpuMicros: number | null; cpuShare: number | null };

/** One check over keep-alive connections against plain node:http that sends the same bytes, in alternating runs. */
export async function benchCheck() {
  const file = temporaryFile();
  const key = await withServices(file, async (services) => {
    await importGitlab(services);
    const { db, now, newId, facts } = services;
    const stamp = { now: now(), actor: operator, newId };
    const writes = all.map((tenant) => {
      const outcome = putTenant(null, tenant, { plan: "premium" }, facts.catalogue(), stamp);
      if (!outcome.ok || !outcome.change) throw new Error("a tenant could not be made");
      return { before: null, change: outcome.change };
    });
    await db.transaction([], (tx) => writeTenantChanges(tx, db.tables, writes, operator));
    return (await createKey(services, operator, { name: "bench", scopes: ["check"], expiresAt: null })).key;
  });

  const server = await startServer(`file:${file}`);
  const question = (tenant: string) => `/api/entitlements?tenant=${tenant}&feature=epics`;
  const answer = await ask(server.port, question(tenants[0] ?? ""), key);
  const bare = startNode([fromHere("bare-server.mjs")], 0, { input: JSON.stringify(answer) });
  const [, barePort] = await untilLine(bare, /ready on (\d+)/);
  const request = (tenant: string) => `GET ${question(tenant)} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${key}\r\n\r\n`;
  const one = [request(tenants[0] ?? "")];
  const load = (child: ChildProcess, port: number, requests: string[]) => run(child, { port, requests, connections, seconds });

  try {
    const many = tenants.map(request);
    await load(server.child, server.port, many); // every answer once, and the compiler has seen the path
    await load(bare, Number(barePort), one);
    const runs = { bare: [] as Run[], oneQuestion: [] as Run[], manyTenants: [] as Run[] };
    for (let pair = 1; pair <= pairs; pair++) {
      runs.bare.push(await load(bare, Number(barePort), one));
      runs.oneQuestion.push(await load(server.child, server.port, one));
      runs.manyTenants.push(await load(server.child, server.port, many));
    }
    return report(runs, answer.body.length);
  } finally {
    await Promise.all([stop(server.child), stop(bare)]);
  }
}

/** The answer as it is, without what node:http adds by itself. */
async function ask(port: number, path: string, key: string) {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get({ port, host: "127.0.0.1", path, headers: { authorization: `Bearer ${key}` } }, resolve).on("error", reject);
  });
  const body = await text(response);
  const { date: _, connection: __, "keep-alive": ___, ...headers } = response.headers;
  if (response.statusCode !== 200) throw new Error(`The check answered ${response.statusCode}: ${body}`);
  return { status: response.statusCode, headers, body };
}

async function run(child: ChildProcess, options: object): Promise<Run> {
  const before = cpuOf(child);
  const generator = startNode([fromHere("load.mjs")], 1, { input: JSON.stringify(options) });
  const [, line = ""] = await untilLine(generator, /^(\{.*\})$/);
  const { answers, elapsed, ...seen } = JSON.parse(line);
  const after = cpuOf(child);
  const used = before === null || after === null ? null : after - before;
  return { ...seen, cpuMicros: used && (used * 1000) / answers, cpuShare: used && used / elapsed };
}

function report(runs: Record<"bare" | "oneQuestion" | "manyTenants", Run[]>, bodyBytes: number) {
  const over = (list: Run[], field: keyof Run) => median(list.map((r) => r[field] ?? Number.NaN));
  const summary = (list: Run[]) => ({
    requestsPerSecond: Math.round(over(list, "perSecond")),
    p50ms: rounded(over(list, "p50")),
    p99ms: rounded(over(list, "p99")),
    serverMicrosecondsOfCpu: rounded(over(list, "cpuMicros")),
    // Much below 1: the machine was busy with other things, and the figures say more about those.
    serverShareOfItsCore: rounded(over(list, "cpuShare")),
  });
  // Of neighbours in time, so that what else the machine did weighs on both alike.
  const ratio = (list: Run[]) => rounded(median(list.map((r, i) => r.perSecond / (runs.bare[i] as Run).perSecond)));
  const cpuRatio = (list: Run[]) => rounded(over(runs.bare, "cpuMicros") / over(list, "cpuMicros"));
  const measured = (list: Run[]) => ({ ...summary(list), ratioToBare: ratio(list), ratioToBareByCpu: cpuRatio(list) });
  return {
    connections,
    pairs,
    secondsEach: seconds,
    bodyBytes,
    bareNodeHttp: summary(runs.bare),
    oneQuestion: measured(runs.oneQuestion),
    questionsOfAThousandTenants: measured(runs.manyTenants),
  };
}
