import { exitCodeOf, sayProblem } from "./failure.server";
import { buildProgram } from "./program.server";
import { createSession } from "./session.server";

// A reader that has seen enough (`| head`) is no failure.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

// No process.exit at the end: what was written to a pipe has to arrive first.
const session = createSession();
try {
  await buildProgram(session.open).parseAsync();
} catch (error) {
  sayProblem(error);
  process.exitCode = exitCodeOf(error);
} finally {
  await session.close();
}
