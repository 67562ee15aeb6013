import { spawnSync } from "node:child_process";
import { stringify } from "yaml";
import { exportCatalogue } from "~/server/catalogue/export.server";
import { readEnv } from "~/server/env.server";
import { createGroupSync } from "~/server/posthog/groups/group-sync.server";
import { benchKey, copyOf, withServices } from "./database";
import { asMuchAsItCan, atConstantPace, type Paced, pacedSummary, startBare } from "./load";
import { median, rounded } from "./numbers";
import { goOn, holdStill, type Server, startServer, stop } from "./process";
import { ask, oneFeature, requestOf } from "./questions";
import { startStandIn } from "./stand-in";
import { tenantKey, tenantsDatabase } from "./tenants-database";

const perSecond = 2_000;
const rounds = 11;
const seconds = 3;
const hot = 1_000;
const imported = 10_000;
const importsBefore = 6;

/**
 * One check at a constant rate: on an idle server without PostHog, on one with it that refreshes flags and has sent all
 * groups, and on one that imports tenants and sends groups meanwhile. The last is compared with the idle one of the
 * same settings.
 */
export async function benchPace() {
  const file = copyOf(await tenantsDatabase(), "pace-idle");
  const { key, catalogue } = await withServices(file, async (services) => ({
    key: await benchKey(services, ["check", "manage"]),
    catalogue: await exportCatalogue(services, { tenants: false, format: "yaml" }),
  }));
  const busyFile = copyOf(file, "pace-busy");
  const settledFile = copyOf(file, "pace-settled");
  const standIn = await startStandIn();
  await settle(settledFile, standIn.settings);
  const requests = Array.from({ length: hot }, (_, i) => requestOf(oneFeature(tenantKey(i)), key));
  const idle = await startServer(file);
  const bare = await startBare(await ask(idle.port, oneFeature(tenantKey(0)), key));
  const withPosthog = { ...standIn.settings, LATCHKEY_RATE_LIMIT: "0" };
  const settled = await startServer(settledFile, withPosthog);
  const busy = await startServer(busyFile, withPosthog);
  const files = filesOf(catalogue);
  const runs = { bare: [] as Paced[], idle: [] as Paced[], settled: [] as Paced[], busy: [] as Paced[] };
  const imports: number[] = [];
  const pace = (server: { port: number }) => atConstantPace({ port: server.port, requests }, perSecond, seconds);
  try {
    // Warms up every answer and the compiler, including the paths that an import uses.
    for (const { child, port } of [bare, idle, settled, busy]) await asMuchAsItCan({ child, port, requests }, { seconds: 5 });
    let left = importsBefore;
    await importAgainAndAgain(busy, key, files, [], () => left-- === 0);
    for (let round = 0; round < rounds; round++) {
      holdStill(settled.child, busy.child, standIn.child);
      // Pending writes of imports would be flushed during later measurements.
      spawnSync("sync");
      runs.bare.push(await pace(bare));
      runs.idle.push(await pace(idle));
      goOn(settled.child, standIn.child);
      runs.settled.push(await pace(settled));
      holdStill(settled.child);
      goOn(busy.child);
      let isOver = false;
      const importing = importAgainAndAgain(busy, key, files, imports, () => isOver);
      runs.busy.push(await pace(busy));
      isOver = true;
      await importing;
    }
    const groupsSent = { idle: await sentBy(settled, settledFile), busy: await sentBy(busy, busyFile) };
    const overBare = (rs: Paced[]) => rounded(median(rs.map((r, i) => r.p99 - (runs.bare[i] as Paced).p99)));
    const times = median(runs.busy.map((r) => r.p99)) / median(runs.settled.map((r) => r.p99));
    return {
      requestsPerSecond: perSecond,
      rounds,
      secondsEach: seconds,
      bareNodeHttp: pacedSummary(runs.bare),
      idle: { ...pacedSummary(runs.idle), p99AboveBareMs: overBare(runs.idle), expectedP99Ms: 1.4 },
      idleWithPosthog: pacedSummary(runs.settled),
      whileImportingAndSyncing: { ...pacedSummary(runs.busy), p99OverIdle: rounded(times), expectedOverIdle: 3 },
      imports: { tenantsEach: imported, done: imports.length, medianSeconds: rounded(median(imports) / 1_000) },
      groupsSent,
    };
  } finally {
    await Promise.all([idle, bare, settled, busy, standIn].map(({ child }) => stop(child)));
  }
}

/** The state after a full sync: everything was sent and nothing is due. */
async function settle(file: string, posthog: Record<string, string>): Promise<void> {
  const { posthog: settings } = readEnv(posthog);
  await withServices(file, async ({ db, now, elapsed, newId, log }) => {
    if (settings === null) throw new Error("These are no settings for PostHog.");
    await createGroupSync({ db, settings, holder: "bench", now, elapsed, newId, log }).prepare();
    await db.transaction([], (tx) => tx.delete(db.tables.outbox));
  });
}

/** Tenants whose properties PostHog accepted, as recorded by the server. */
async function sentBy({ child }: Server, file: string): Promise<number> {
  await stop(child);
  return withServices(file, ({ db }) => db.read.$count(db.tables.groupSyncs));
}

/** Prepared before the measurement, because the sender has no core of its own. */
function filesOf(catalogue: string): string[] {
  return ["Ltd", "GmbH"].map((form) => {
    const tenants = Object.fromEntries(
      Array.from({ length: imported }, (_, i) => [`new-${i}`, { name: `Imported ${i} ${form}`, plan: "starter" }]),
    );
    return catalogue + stringify({ tenants });
  });
}

/** First new tenants, then renames. */
async function importAgainAndAgain({ port }: Server, key: string, files: string[], took: number[], isOver: () => boolean) {
  while (!isOver()) {
    const started = performance.now();
    const response = await fetch(`http://127.0.0.1:${port}/api/catalogue/import`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/yaml" },
      body: files[took.length % files.length] as string,
    });
    const text = await response.text();
    if (response.status !== 200) throw new Error(`import: ${response.status} ${text.slice(0, 300)}`);
    took.push(performance.now() - started);
  }
}
