import { text } from "node:stream/consumers";
import type { Command } from "commander";
import type { z } from "zod";
import { email, newPassword, personName } from "~/forms/admins/admin";
import { invite } from "~/server/admins/admins.server";
import { createOwner } from "~/server/admins/first-owner.server";
import { resetPassword } from "~/server/admins/reset-password.server";
import { resetFactors } from "~/server/admins/second-factors.server";
import { inviteLink } from "~/server/http/origin.server";
import { Failure } from "./failure.server";
import { print, remark } from "./print.server";
import { type Open, operator } from "./session.server";

type Options = { email: string; name: string; passwordStdin?: boolean };

const fromStdin = "read the password from standard input instead of printing a link";

export function registerOwner(program: Command, open: Open): void {
  const owner = program.command("owner").description("the people who say who the admins are");

  owner
    .command("create")
    .description("add an owner; prints a one-time link to choose a password")
    .requiredOption("--email <address>", "what they sign in with")
    .requiredOption("--name <name>", "as others see them")
    .option("--password-stdin", fromStdin)
    .action((options: Options) => create(open, options));

  owner
    .command("reset-password")
    .description("let an admin choose a new password; prints a one-time link")
    .requiredOption("--email <address>", "what they sign in with")
    .option("--password-stdin", fromStdin)
    .action((options: Options) => reset(open, options));

  owner
    .command("reset-factors")
    .description("remove the second factor of an admin who lost it; ends all of their sessions")
    .requiredOption("--email <address>", "what they sign in with")
    .action((options: Pick<Options, "email">) => removeFactors(open, options));
}

async function create(open: Open, options: Options): Promise<void> {
  const form = { email: valid(email, options.email), name: valid(personName, options.name) };
  const password = await passwordIn(options);
  const services = await open({ mayCreate: true });
  if (password === null) {
    const done = await invite(services, operator(), { ...form, role: "owner" });
    if (!done.ok) throw new Failure(done.message);
    return printLink(inviteLink(services.env, done.token), form.email);
  }
  const done = await createOwner(services, operator(), { ...form, password });
  if (!done.ok) throw new Failure(done.message);
  print(`${form.name} is an owner now and signs in with ${form.email}.`);
}

async function reset(open: Open, options: Options): Promise<void> {
  const address = valid(email, options.email);
  const password = await passwordIn(options);
  const services = await open();
  const done = await resetPassword(services, operator(), address, password);
  if (!done.ok) throw new Failure(done.message);
  if ("token" in done) printLink(inviteLink(services.env, done.token), address);
  else print(`${address} has a new password, and every earlier session has ended.`);
}

async function removeFactors(open: Open, options: Pick<Options, "email">): Promise<void> {
  const address = valid(email, options.email);
  const done = await resetFactors(await open(), operator(), address);
  if (!done.ok) throw new Failure(done.message);
  if (done.hadFactor) print(`${address} signs in with the password alone now, and every earlier session has ended.`);
  else print(`${address} has no second factor.`);
}

export function printLink(link: string, address: string): void {
  remark(`Give this link to ${address}. It works once, within 7 days; the server has to be running.`);
  print(link);
}

/** Never an argument, which other users of the machine can see and the shell stores. */
async function passwordIn({ passwordStdin }: Options): Promise<string | null> {
  if (!passwordStdin) return null;
  if (process.stdin.isTTY) remark("Type the password, then Enter and Ctrl-D. It shows on the screen.");
  return valid(newPassword, (await text(process.stdin)).replace(/\r?\n$/, ""));
}

export function valid<T>(schema: z.ZodType<T>, given: string): T {
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new Failure(read.error.issues[0]?.message ?? "");
}
