import { type Command, InvalidArgumentError, Option } from "commander";
import { type TenantStatus, tenantStatuses } from "~/core/model";
import { findTenants } from "~/server/tenants/tenants.server";
import { printJson, printTable, remark } from "./print.server";
import type { Open } from "./session.server";

type Options = { search?: string; plan?: string; status?: TenantStatus; limit: number; json?: boolean };

const maxRows = 100_000;

export function registerTenants(program: Command, open: Open): void {
  program
    .command("tenants")
    .description("customer organizations")
    .command("list")
    .description("list tenants by name")
    .option("--search <text>", "with this in the name or the key")
    .option("--plan <key>", 'on this plan, or with this add-on; "" for none')
    .addOption(new Option("--status <status>", "in this status only").choices(tenantStatuses))
    .option("--limit <count>", "how many at most", readLimit, 50)
    .option("--json", "answer as JSON, for programs")
    .action((options: Options) => list(open, options));
}

async function list(open: Open, { search, plan, status, limit, json }: Options): Promise<void> {
  const { tenants, total } = await findTenants(await open(), { search, plan, status }, limit);
  if (json) printJson(tenants);
  else {
    const rows = tenants.map((t) => [t.key, t.status, [t.plan ?? "-", ...t.addOns].join(" + "), String(t.liveTrials), t.name]);
    printTable(["KEY", "STATUS", "PLAN", "TRIALS", "NAME"], rows);
  }
  if (total > tenants.length) remark(`${tenants.length} of ${total} shown; --limit ${Math.min(total, maxRows)} shows more.`);
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxRows) return limit;
  throw new InvalidArgumentError(`Give a whole number from 1 to ${maxRows}.`);
}
