import { readCatalogueFacts } from "~db/store/facts.server";
import { type Authority, byRightOf, RightWithdrawn, type Withdrawal } from "./authority.server";
import type { Order, Word } from "./background-messages";
import { estimateEffects } from "./change-effects.server";
import { readEnv } from "./env.server";
import { applyFile, previewFile } from "./import.server";
import { jobLog } from "./job-log.server";
import { createLog } from "./log.server";
import { createLogOutput } from "./log-output.server";
import { createGroupSync } from "./posthog/group-sync.server";
import { createTenantEvents } from "./posthog/tenant-events.server";
import { standBack } from "./priority.server";
import { randomId } from "./random.server";
import { outliveStandardStreams } from "./standard-streams.server";
import { createServices, stopServices } from "./start.server";

// Before anything else is started. On few cores the process that answers checks goes first.
standBack();
outliveStandardStreams();
const logOutput = createLogOutput();
const say = (word: Word) => process.connected && process.send?.(word);

// A signal that a terminal or a supervisor sends to all processes is for the server: that one says when to stop, or is gone.
process.on("SIGTERM", () => {}).on("SIGINT", () => {});
process.on("disconnect", () => void end(1));

async function end(code: number): Promise<never> {
  await logOutput.flush();
  process.exit(code);
}

const { posthog: settings, ...env } = readEnv();
const log = jobLog(createLog(env.logLevel, logOutput), (error, sentence) => say({ kind: "trouble", error, sentence }));
process.on("uncaughtException", (error) => {
  log.error({ err: error }, "the background process failed");
  process.disconnect(); // what was said goes first
});
const services = await createServices({ ...env, posthog: null }, { log, logOutput, database: { mayCreate: false, isBackground: true } });
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

/** By the right of whoever asked, which is checked in the transaction that writes. */
function applyOrder({ file, actor, authority, expectedRevision }: Extract<Order, { kind: "import" }>) {
  const refuse = (of: Authority, why: Withdrawal) => new RightWithdrawn(of, why);
  return applyFile(authority ? byRightOf(services, authority, refuse) : services, file, actor, { expectedRevision });
}

const running = new Map<number, AbortController>();

function resultOf(order: Extract<Order, { id: number }>, signal: AbortSignal) {
  switch (order.kind) {
    case "preview":
      return previewFile(services, order.file, { signal, withEffects: order.withEffects, hasFlags: order.hasFlags });
    case "effects":
      return readEffects(order, signal);
    case "import":
      return applyOrder(order);
  }
}

async function readEffects({ change, hasFlags }: Extract<Order, { kind: "effects" }>, signal: AbortSignal) {
  return estimateEffects(services, await readCatalogueFacts(db.readAside, db.tables), change, { signal, hasFlags });
}

async function answer(order: Extract<Order, { id: number }>): Promise<void> {
  const { id, kind } = order;
  const controller = new AbortController();
  running.set(id, controller);
  try {
    const result = await resultOf(order, controller.signal);
    if (kind !== "effects") wake();
    say({ kind: "done", id, result });
  } catch (error) {
    if (error instanceof RightWithdrawn) say({ kind: "withdrawn", id, authority: error.authority, why: error.why });
    else say({ kind: "failed", id, error: error as Error });
  } finally {
    running.delete(id);
  }
}

async function stop(): Promise<void> {
  await Promise.all(runners.map((runner) => runner.stop()));
  await stopServices(services);
  await end(0);
}

process.on("message", (order: Order) => {
  if (order.kind === "wake") wake();
  else if (order.kind === "stop") void stop();
  else if (order.kind === "cancel") running.get(order.of)?.abort();
  else void answer(order);
});
await Promise.all(runners.map((runner) => runner.start()));
