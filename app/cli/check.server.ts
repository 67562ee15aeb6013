import { type Command, InvalidArgumentError } from "commander";
import { entitlement } from "~/core/decision/answer";
import type { Decision } from "~/core/decision/decide";
import { type Instant, keyPattern, tenantKeyPattern } from "~/core/model";
import { isoTime } from "~/core/time";
import { featureKeyRefused, tenantKeyRefused } from "~/forms/entity-keys";
import { isoInstant } from "~/forms/instants";
import { type AnswerThen, answerThen } from "~/server/checks/point-in-time.server";
import { Failure } from "./failure.server";
import { print, printJson } from "./print.server";
import type { Open } from "./session.server";

type Options = { json: boolean; at?: Instant };

export function registerCheck(program: Command, open: Open): void {
  program
    .command("check")
    .description("may this tenant use this feature? Asking here is not counted as a check")
    .argument("<tenant>", "the tenant's key")
    .argument("<feature>", "the feature's key")
    .option("--at <time>", "as it was or will be then, such as 2026-12-04T10:00:00Z", readInstant)
    .option("--json", "answer as JSON, as the API gives it")
    .addHelpText("after", "\nExit codes: 0 yes, 3 no, 1 it could not be asked, 2 the command was not understood.")
    .action((tenant: string, feature: string, options: Options) => check(open, tenant, feature, options));
}

const exitCodeOfNo = 3;

async function check(open: Open, key: string, feature: string, { json, at }: Options): Promise<void> {
  if (!tenantKeyPattern.test(key)) throw new Failure(tenantKeyRefused);
  if (!keyPattern.test(feature)) throw new Failure(featureKeyRefused);
  const services = await open();
  const answered = await answerThen(services, key, [feature], at ?? services.now());
  const decision = answered.decisions[0] as Decision;
  if (json) printJson({ tenant: key, feature, ...entitlement(decision, answered.tenant, answered.catalogue) });
  else print(...sentences(decision, answered));
  if (!decision.entitled) process.exitCode = exitCodeOfNo;
}

function sentences(decision: Decision, { tenant, catalogue }: AnswerThen): string[] {
  const { reason, value, limit, used } = { limit: undefined, used: undefined, ...entitlement(decision, tenant, catalogue) };
  const lines = [`${decision.entitled ? "Yes" : "No"}: ${reason.message}`];
  if (value !== undefined) lines.push(`Value: ${JSON.stringify(value)}`);
  if (limit !== undefined) lines.push(`Limit: ${limit}, used: ${used}`);
  if (decision.availableIn.length > 0) lines.push(`Part of: ${decision.availableIn.join(", ")}`);
  const until = decision.validUntil;
  lines.push(until === null ? "The clock alone does not change this." : `Holds until ${isoTime(until)}, unless something is changed.`);
  return lines;
}

function readInstant(text: string): Instant {
  const read = isoInstant.safeParse(text);
  if (read.success) return read.data;
  throw new InvalidArgumentError(read.error.issues[0]?.message ?? "");
}
