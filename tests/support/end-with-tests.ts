import type { ChildProcess } from "node:child_process";

/** Ends a started process with the one that runs the tests, if a test failed before it stopped it. */
export function endWithTests(child: ChildProcess): void {
  const end = () => void child.kill("SIGKILL");
  process.once("exit", end);
  child.once("exit", () => process.off("exit", end));
}
