import type { Command } from "commander";

export function registerStart(program: Command): void {
  program
    .command("start")
    .description("serve the pages and the API, as npm start does, until it is told to stop")
    // Loaded only here, because other commands need no web server.
    .action(async () => void (await import("~/server/main.server")));
}
