import type { Command } from "commander";
import { rotateTokenSecret } from "~/server/keys/token-secret.server";
import { print } from "./print.server";
import { type Open, operator } from "./session.server";

export function registerTokens(program: Command, open: Open): void {
  program
    .command("tokens")
    .description("tokens that API keys mint for browsers")
    .command("rotate-secret")
    .description("replace the secret that signs tokens: every token that exists ends at once, and API keys mint new ones")
    .action(async () => {
      await rotateTokenSecret(await open(), operator());
      print("The secret is replaced. Every token and stream ticket from before has ended; API keys go on working and mint new ones.");
    });
}
