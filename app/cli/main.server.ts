import { exitCodeOf, sayProblem } from "./failure.server";
import { buildProgram } from "./program.server";
import { createSession } from "./session.server";

// A reader that has seen enough (`| head`) is no failure, and the command does all of its work.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") return;
  process.stderr.write(`The output cannot be written (${code}).\n`);
  process.exitCode = 1;
});
process.stderr.on("error", () => {});

// No process.exit, because output written to a pipe must arrive first.
const session = createSession();
try {
  await buildProgram(session.open).parseAsync();
} catch (error) {
  sayProblem(error);
  process.exitCode = exitCodeOf(error);
} finally {
  await session.close();
}
