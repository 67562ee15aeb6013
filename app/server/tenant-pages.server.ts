import type { z } from "zod";
import type { tenantsQuery } from "~/forms/api-queries";
import { withoutPlan } from "~/forms/tenant-list";
import { addOnsOf, tenantsAfter } from "~db/store/tenants-list.server";
import type { Services } from "./services.server";
import { endingSoon } from "./tenants.server";

/** A page for programs, which go from one to the next. `last`: where the next one begins after; null: there is none. */
export async function tenantsPage({ db, now }: Services, query: z.output<typeof tenantsQuery>) {
  const { search, status, trial, cursor, limit } = query;
  const filter = {
    search,
    status,
    plan: query.plan === withoutPlan ? "" : query.plan,
    trial: trial === "ending" ? endingSoon : trial,
    now: now(),
  };
  const after = cursor && { searchText: cursor[0], key: cursor[1] };
  const found = await tenantsAfter(db.readAside, db.tables, filter, { after, size: limit + 1 });
  const page = found.slice(0, limit);
  const addOns = new Map<string, string[]>();
  const keys = page.map((row) => row.key);
  for (const { tenant, plan } of await addOnsOf(db.readAside, db.tables, keys)) addOns.set(tenant, [...(addOns.get(tenant) ?? []), plan]);
  const rows = page.map((row) => ({
    ...row,
    createdAt: row.createdAt.getTime(),
    usageAnchor: row.usageAnchor?.getTime() ?? null,
    addOns: addOns.get(row.key) ?? [],
  }));
  return { rows, last: found.length > limit ? (page.at(-1) ?? null) : null };
}
