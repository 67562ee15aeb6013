import { exitCodeOf, sayProblem } from "./failure.server";
import { buildProgram } from "./program.server";
import { createSession } from "./session.server";

/** Runs one command and sets the exit code. No process.exit, because output written to a pipe must arrive first. */
export async function runCommand(args: string[]): Promise<void> {
  const session = createSession();
  try {
    await buildProgram(session.open).parseAsync(args, { from: "user" });
  } catch (error) {
    sayProblem(error);
    process.exitCode = exitCodeOf(error);
  } finally {
    await session.close();
  }
}
