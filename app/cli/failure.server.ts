import { CommanderError } from "commander";
import { operatorSentence } from "~/server/operator-sentence.server";

/** An expected outcome that is not what was asked for: its message is all that the reader sees. */
export class Failure extends Error {}

/** Commander has already said what is wrong with the words of the command. */
const wrongUse = 2;

export function exitCodeOf(error: unknown): number {
  if (!(error instanceof CommanderError)) return 1;
  return error.exitCode === 0 ? 0 : wrongUse;
}

export function sayProblem(error: unknown): void {
  if (error instanceof CommanderError) return;
  process.stderr.write(`${error instanceof Failure ? error.message : (operatorSentence(error) ?? surprise(error))}\n`);
}

/** A failed query's own message holds the whole statement; what the database said stands in its cause. */
function surprise(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  const said = cause instanceof Error ? cause : error;
  return `This did not work: ${said instanceof Error ? said.message.split("\n")[0] : String(said)}`;
}
