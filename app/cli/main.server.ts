import { runCommand } from "./run.server";

// A reader that has seen enough (`| head`) is no failure, and the command does all of its work.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
  if (code === "EPIPE") return;
  process.stderr.write(`The output cannot be written (${code}).\n`);
  process.exitCode = 1;
});
process.stderr.on("error", () => {});

await runCommand(process.argv.slice(2));
