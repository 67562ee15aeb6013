import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";

const { PRIORITY_BELOW_NORMAL } = constants.priority;

/**
 * On Linux a priority belongs to a thread. Those that Node starts with, which collect garbage and compile, go before what works in
 * the background and after the one that answers. Call it before anything else is started.
 */
export const letHelpersStandBack = () => giveHelpers(PRIORITY_BELOW_NORMAL / 2);

/** The whole process goes after the one that answers, its helpers too. Call it before anything else is started. */
export function standBack(): void {
  setPriority(PRIORITY_BELOW_NORMAL);
  giveHelpers(PRIORITY_BELOW_NORMAL);
}

function giveHelpers(priority: number): void {
  if (process.platform !== "linux") return;
  try {
    for (const thread of readdirSync("/proc/self/task").map(Number)) if (thread !== process.pid) setPriority(thread, priority);
  } catch {
    // A system that hides its threads: they stay as they are.
  }
}
