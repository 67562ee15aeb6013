import { readdirSync } from "node:fs";
import { constants, setPriority } from "node:os";

/**
 * On Linux a priority belongs to a thread. Those that Node starts with, which collect garbage and compile for every thread of the
 * process, go before the threads that work in the background and after the one that answers: where cores are few it was stopped
 * for several milliseconds by what they did for an import. Call it before anything else is started.
 */
export function letHelpersStandBack(): void {
  if (process.platform !== "linux") return;
  try {
    for (const thread of readdirSync("/proc/self/task").map(Number))
      if (thread !== process.pid) setPriority(thread, constants.priority.PRIORITY_BELOW_NORMAL / 2);
  } catch {
    // A system that hides its threads: they stay as they are.
  }
}
