import type { z } from "zod";
import type { grantsQuery } from "~/forms/api-queries";
import { findGrant, grantOf, pageOfGrants } from "~db/store/grants.server";
import type { Services } from "./services.server";
import { currentTenant } from "./tenants.server";

/** A page for programs. `revision`: the tenant's, before the page was read. Null: there is no such tenant. */
export async function grantsPage(services: Services, tenant: string, query: z.output<typeof grantsQuery>) {
  const { db } = services;
  const now = services.now();
  const facts = await currentTenant(services, tenant);
  if (!facts) return null;
  const { cursor, limit, ...filter } = query;
  const after = cursor && { startsAt: cursor[0], id: cursor[1] };
  const found = (await pageOfGrants(db.readAside, db.tables, tenant, filter, now, { after, size: limit + 1 })).map(grantOf);
  const grants = found.slice(0, limit);
  return { grants, last: found.length > limit ? (grants.at(-1) ?? null) : null, now, revision: facts.revision };
}

export async function grantNamed({ db, now }: Services, id: string) {
  const found = await findGrant(db.readAside, db.tables, id);
  return found && { tenant: found.row.tenant, grant: grantOf(found.row), now: now(), revision: found.revision };
}
