import { day, hour } from "~/core/time";
import { pageParts } from "~/server/logging/page-parts.server";
import { readSyncHealth } from "~/server/posthog/groups/sync-health.server";
import { feedIsKept, reportsAreKept, unsentRetentionMs } from "~/server/process/retention.server";
import type { Services } from "~/server/services.server";
import { connectedNodes } from "~db/postgres-node.server";
import { readDatabaseState } from "~db/store/database-state.server";
import { readFiguresState } from "~db/store/figures-state.server";
import { answersAreKept } from "~db/store/idempotency.server";
import { readTrialsComputedAt } from "~db/store/trial-outcomes.server";
import { programVersion } from "./version.server";

/** How long to wait for the worker process, in ms. It may be busy with a long task. */
const maxWorkerWaitMs = 1_000;

/** Everything on the page System. */
export async function readSystem(services: Services) {
  const { db, env, log, now } = services;
  const part = pageParts(log, "system");
  const [status, worker, database, nodes, posthog, passes] = await Promise.all([
    part("processes", () => services.systemStatus()),
    part("worker", () => workerStatus(services)),
    part("database", () => readDatabaseState(db, sqliteFile(env.databaseUrl))),
    part("nodes", async () => (db.engine === "postgres" ? await connectedNodes(db.readAside) : [])),
    part("posthog", () => posthogState(services)),
    part("passes", () => backgroundPasses(services)),
  ]);
  return {
    now: now(),
    version: programVersion(),
    node: process.version,
    engine: db.engine,
    server: status?.server ?? null,
    processes: status && [status.server.process, ...(status.pages ? [status.pages] : [])],
    worker,
    database,
    nodes,
    posthog,
    passes,
    retention: {
      checkCountDays: env.checkCountsAreKept / day,
      usageEventDays: reportsAreKept / day,
      feedDays: feedIsKept / day,
      unsentDays: unsentRetentionMs / day,
      answerHours: answersAreKept / hour,
    },
    hasMetrics: env.metricsToken !== null,
    variables: env.variables.map((variable) => ({ ...variable, value: variable.value?.slice(0, 300) ?? null })),
  };
}

const sqliteFile = (url: string): string | null => (url.startsWith("file:") ? url.slice("file:".length) : null);

/** "none" if this process does the worker's tasks itself. */
async function workerStatus({ background }: Services) {
  return background.isOn() ? background.status(AbortSignal.timeout(maxWorkerWaitMs)) : ("none" as const);
}

async function posthogState({ db, env, posthog }: Services) {
  if (!posthog || !env.posthog) return { isOn: false as const };
  const report = await posthog.flagReport();
  const { lastSentAt, down } = await readSyncHealth(db.readAside, db.tables);
  return {
    isOn: true as const,
    host: env.posthog.host,
    hasSecretKey: env.posthog.secretKey !== null,
    flagsAnsweredAt: report.answeredAt,
    trouble: report.status?.trouble ?? null,
    groupsSentAt: lastSentAt,
    groupsDownSince: down?.since ?? null,
  };
}

async function backgroundPasses({ db }: Services) {
  const { readAside: q, tables } = db;
  const figures = await readFiguresState(q, tables);
  return { trialsAt: await readTrialsComputedAt(q, tables), figuresAt: figures && figures.completedAt > 0 ? figures.completedAt : null };
}
