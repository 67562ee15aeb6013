import type { z } from "zod";
import type { grantsQuery } from "~/forms/api-queries";
import { findGrant, grantOf, pageOfGrants } from "~db/store/grants.server";
import type { Services } from "./services.server";
import { currentTenant } from "./tenants.server";

/** A page for programs. Null: there is no such tenant. */
export async function grantsPage(services: Services, tenant: string, query: z.output<typeof grantsQuery>) {
  const { db } = services;
  const now = services.now();
  if (!(await currentTenant(services, tenant))) return null;
  const { cursor, limit, ...filter } = query;
  const after = cursor && { startsAt: cursor[0], id: cursor[1] };
  const found = (await pageOfGrants(db.read, db.tables, tenant, filter, now, { after, size: limit + 1 })).map(grantOf);
  const grants = found.slice(0, limit);
  return { grants, last: found.length > limit ? (grants.at(-1) ?? null) : null, now };
}

export async function grantNamed({ db, now }: Services, id: string) {
  const row = await findGrant(db.read, db.tables, id);
  return row && { tenant: row.tenant, grant: grantOf(row), now: now() };
}
