import { CommanderError } from "commander";
import { operatorSentence } from "~/server/operator-message.server";

/** An expected failure: only its message is shown. */
export class Failure extends Error {}

/** A file differs from the database, which was printed. */
export class FileDiffers extends Error {}
const differs = 2;

/** Commander has already explained the usage error. */
const wrongUse = 2;

export function exitCodeOf(error: unknown): number {
  if (error instanceof FileDiffers) return differs;
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : wrongUse;
}

export function sayProblem(error: unknown): void {
  if (error instanceof CommanderError || error instanceof FileDiffers) return;
  process.stderr.write(`${error instanceof Failure ? error.message : (operatorSentence(error) ?? surprise(error))}\n`);
}

/** A failed query's message contains the whole statement; the database's own message is in its cause. */
function surprise(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const said = cause instanceof Error ? cause : error;
  return `This did not work: ${said instanceof Error ? said.message.split("\n")[0] : String(said)}`;
}
