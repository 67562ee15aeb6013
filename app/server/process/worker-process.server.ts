import limitTo from "p-limit";
import { auditEntryParts } from "~/server/audit/audit-entry-json.server";
import { type Authority, byRightOf, RightWithdrawn, type Withdrawal } from "~/server/authority.server";
import { estimateEffects } from "~/server/catalogue/change-effects.server";
import { writeExport } from "~/server/catalogue/export.server";
import { applyFile, previewFile } from "~/server/catalogue/import.server";
import { readEnv } from "~/server/env.server";
import { jobLog } from "~/server/logging/job-log.server";
import { createLog } from "~/server/logging/log.server";
import { createLogOutput } from "~/server/logging/log-output.server";
import { createTenantEvents } from "~/server/posthog/events/tenant-events.server";
import { createGroupSync } from "~/server/posthog/groups/group-sync.server";
import { randomId } from "~/server/random.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { processStatus } from "./process-status.server";
import { lowerPriority } from "./runtime-tuning.server";
import { outliveStandardStreams } from "./standard-streams.server";
import { createServices, stopServices } from "./start.server";
import type { WorkerMessage, WorkerRequest } from "./worker-messages";
import { listenForOrders, type Say } from "./worker-socket.server";

type Order = Extract<WorkerRequest, { id: number }>;

// Before anything else starts. On few cores the process that answers checks runs first.
lowerPriority();
outliveStandardStreams();
const logOutput = createLogOutput();
const [socketPath] = process.argv.slice(2);
const say = (word: WorkerMessage) => process.connected && process.send?.(word);

// Signals that a terminal or supervisor sends to all processes are handled by the server, which then stops this
// process.
process.on("SIGTERM", () => {}).on("SIGINT", () => {});
process.on("disconnect", () => void end(1));

async function end(code: number): Promise<never> {
  await logOutput.flush();
  process.exit(code);
}

let imports = 0;

/** Tells other processes to hold their writes, which would time out during an import. */
async function whileImporting<T>(work: () => Promise<T>): Promise<T> {
  const number = ++imports;
  say({ kind: "importing", number });
  try {
    return await work();
  } finally {
    say({ kind: "imported", number });
  }
}

const { posthog: settings, ...env } = readEnv();
const log = jobLog(createLog(env.logLevel, logOutput), (error, sentence) => say({ kind: "trouble", error, sentence }));
process.on("uncaughtException", (error) => {
  log.error({ err: error }, "the background process failed");
  process.disconnect(); // After pending messages are sent.
});
const services = await createServices(
  { ...env, posthog: null },
  { log, logOutput, forJobs: { settings, whileImporting }, database: { mayCreate: false, role: "background" } },
);
const { db, facts, now, elapsed, newId } = services;
const holder = randomId("proc");
const runners = settings
  ? [
      createGroupSync({ db, settings, holder, now, elapsed, newId, log }),
      createTenantEvents({ db, settings, facts, holder, now, elapsed, log }),
    ]
  : [];
const wake = () => {
  for (const runner of runners) runner.wake();
};

/** With the requester's right, which is checked in the writing transaction. */
function applyOrder({ file, actor, authority, expectedRevision }: Extract<Order, { kind: "import" }>) {
  const refuse = (of: Authority, why: Withdrawal) => new RightWithdrawn(of, why);
  return applyFile(authority ? byRightOf(services, authority, refuse) : services, file, actor, { expectedRevision });
}

const running = new Map<number, AbortController>();
/** One export of all tenants at a time, because each is held in memory until it is sent. */
const largeExports = limitTo(1);
function resultOf(order: Order, say: Say, signal: AbortSignal) {
  switch (order.kind) {
    case "preview":
      return previewFile(services, order.file, { signal, withEffects: order.withEffects, hasFlags: order.hasFlags });
    case "effects":
      return readEffects(order, signal);
    case "export":
      return order.options.tenants ? largeExports(() => sendExport(order, say, signal)) : sendExport(order, say, signal);
    case "auditEntry":
      return sendAuditEntry(order, say, signal);
    case "import":
      return importFile(order);
    case "wakeJobs":
      services.jobs.wake();
      return true;
    case "status":
      return processStatus("worker", now());
  }
}

async function importFile(order: Extract<Order, { kind: "import" }>) {
  return whileImporting(() => applyOrder(order)).finally(wake);
}

async function sendExport({ id, options }: Extract<Order, { kind: "export" }>, say: Say, signal: AbortSignal) {
  const { parts, ...result } = await writeExport(services, options, signal);
  await sendParts(id, parts, say, signal);
  return result;
}

async function sendAuditEntry({ id, seq }: Extract<Order, { kind: "auditEntry" }>, say: Say, signal: AbortSignal): Promise<boolean> {
  const parts = await auditEntryParts(db, seq);
  await sendParts(id, parts ?? [], say, signal);
  return parts !== null;
}

/** One by one, so that a request that is cancelled stops, and no more than a part waits to be sent. */
async function sendParts(id: number, parts: Uint8Array[], say: Say, signal: AbortSignal): Promise<void> {
  for (const bytes of parts) {
    signal.throwIfAborted();
    await say({ kind: "part", id, bytes });
  }
}

async function readEffects({ change, hasFlags }: Extract<Order, { kind: "effects" }>, signal: AbortSignal) {
  return estimateEffects(services, await readCatalogueFacts(db.readAside, db.tables), change, { signal, hasFlags });
}

async function answer(order: Order, say: Say, signal: AbortSignal): Promise<void> {
  const { id } = order;
  try {
    await say({ kind: "done", id, result: await resultOf(order, say, signal) });
  } catch (error) {
    if (error instanceof RightWithdrawn) await say({ kind: "withdrawn", id, authority: error.authority, why: error.why });
    else await say({ kind: "failed", id, error: error as Error });
  }
}

/** To the server. Resolves once it was handed over. */
const sayToServer: Say = (message) =>
  new Promise((resolve, reject) => {
    if (!process.connected) return reject(new Error("The server has ended."));
    process.send?.(message, undefined, {}, (error) => (error ? reject(error) : resolve()));
  });

async function answerServer(order: Order): Promise<void> {
  const controller = new AbortController();
  running.set(order.id, controller);
  // Without the server there is nothing to do, and this process ends.
  await answer(order, sayToServer, controller.signal).catch(() => {});
  running.delete(order.id);
}

const orders = socketPath ? listenForOrders(socketPath, answer) : null;

async function stop(): Promise<void> {
  orders?.close();
  await Promise.all(runners.map((runner) => runner.stop()));
  await stopServices(services);
  await end(0);
}

process.on("message", (order: WorkerRequest) => {
  if (order.kind === "wake") wake();
  else if (order.kind === "stop") void stop();
  else if (order.kind === "cancel") running.get(order.of)?.abort();
  else void answerServer(order);
});
services.trials.start();
services.schedules.start();
services.figures.start();
services.jobs.start();
services.webhooks.start();
await Promise.all(runners.map((runner) => runner.start()));
