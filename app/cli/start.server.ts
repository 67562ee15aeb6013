import type { Command } from "commander";

export function register(program: Command): void {
  program
    .command("start")
    .description("serve the pages and the API, as npm start does, until it is told to stop")
    // Loaded only now: the other commands need no web server.
    .action(async () => void (await import("~/server/main.server")));
}
