import type { Command } from "commander";
import { fillWithDemo } from "~/server/demo/demo.server";
import { Failure } from "./failure.server";
import { print } from "./print.server";
import { type Open, operator } from "./session.server";

export function registerDemo(program: Command, open: Open): void {
  program
    .command("demo")
    .description("fill a fresh database with 500 made-up tenants on the GitLab catalogue, their history and a month of checks")
    .action(async () => {
      const done = await fillWithDemo(await open({ mayCreate: true }), operator());
      if (!done.ok) throw new Failure(done.message);
      print("Done: 500 tenants. Start the server to look at them: npm start");
    });
}
