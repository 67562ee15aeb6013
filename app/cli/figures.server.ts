import { setTimeout as wait } from "node:timers/promises";
import type { Command } from "commander";
import type { UsageFigures } from "~/server/usage/figures.server";
import { print, remark } from "./print.server";
import type { Open } from "./session.server";

/** While a running server computes, in ms. */
const pollIntervalMs = 1_000;

export function registerFigures(program: Command, open: Open): void {
  program
    .command("figures")
    .description("figures over all tenants that pages show: checks by day, refusals, and how full limits are")
    .command("rebuild")
    .description("compute all of them again from check counts, usage and facts; a running server goes on meanwhile")
    .action(async () => {
      const { figures } = await open();
      await figures.reset();
      await untilComplete(figures);
      print("The figures are computed again.");
    });
}

async function untilComplete(figures: UsageFigures): Promise<void> {
  for (let hasRemarked = false; await figures.isBehind(); ) {
    if ((await figures.pass()) !== "elsewhere") return;
    if (!hasRemarked) remark("A running server computes them. Waiting until it is done.");
    hasRemarked = true;
    await wait(pollIntervalMs);
  }
}
