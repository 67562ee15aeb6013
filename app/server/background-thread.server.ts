import { constants, setPriority } from "node:os";
import { type MessagePort, parentPort } from "node:worker_threads";
import type { Order, Word } from "./background-messages";
import { readEnv } from "./env.server";
import { applyFile, previewFile } from "./import.server";
import { jobLog } from "./job-log.server";
import { createLog } from "./log.server";
import { createGroupSync } from "./posthog/group-sync.server";
import { randomId } from "./random.server";
import { createServices, stopServices } from "./start.server";

// Starts as a thread of the server, with connections of its own: to the database it is another process.
const port = parentPort as MessagePort;
// On Linux a priority is a thread's own: where cores are few, the one that answers checks goes first. Elsewhere it is the process's.
if (process.platform === "linux") setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const say = (word: Word) => port.postMessage(word);

const { posthog: settings, ...env } = readEnv();
const log = jobLog(createLog(env.logLevel), (error, sentence) => say({ kind: "trouble", error, sentence }));
const services = await createServices({ ...env, posthog: null }, { log });
const { db, now, newId } = services;
const groupSync = settings && createGroupSync({ db, settings, holder: randomId("proc"), now, newId, log });

async function answer(order: Extract<Order, { id: number }>): Promise<void> {
  const { id, file } = order;
  try {
    const isPreview = order.kind === "preview";
    const result = isPreview ? await previewFile(services, file) : await applyFile(services, file, order.actor, order);
    groupSync?.wake();
    say({ kind: "done", id, result });
  } catch (error) {
    say({ kind: "failed", id, error: error as Error });
  }
}

async function stop(): Promise<void> {
  await groupSync?.stop();
  await stopServices(services);
  port.close();
}

port.on("message", (order: Order) => {
  if (order.kind === "wake") groupSync?.wake();
  else if (order.kind === "stop") void stop();
  else void answer(order);
});
await groupSync?.start();
