import { type Command, Option } from "commander";
import { type Role, roles } from "~/core/permissions";
import { email, personName } from "~/forms/admins/admin";
import { invite } from "~/server/admins/admins.server";
import { inviteLink } from "~/server/http/origin.server";
import { Failure } from "./failure.server";
import { printLink, valid } from "./owner.server";
import { type Open, operator } from "./session.server";

type Options = { email: string; name: string; role: Role };

export function registerAdmins(program: Command, open: Open): void {
  const role = new Option("--role <role>", "what they may do; the page People has the details");
  program
    .command("admins")
    .description("the people who may sign in")
    .command("invite")
    .description("add a person with a role; prints a one-time link to choose a password")
    .requiredOption("--email <address>", "what they sign in with")
    .requiredOption("--name <name>", "as others see them")
    .addOption(role.choices(roles).makeOptionMandatory())
    .action((options: Options) => inviteWithRole(open, options));
}

async function inviteWithRole(open: Open, { role, ...given }: Options): Promise<void> {
  const form = { email: valid(email, given.email), name: valid(personName, given.name), role };
  const services = await open();
  const done = await invite(services, operator(), form);
  if (!done.ok) throw new Failure(done.message);
  printLink(inviteLink(services.env, done.token), form.email);
}
