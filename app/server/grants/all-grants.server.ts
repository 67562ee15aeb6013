import type { z } from "zod";
import { endOf } from "~/core/grants/grant-lifetime";
import { type Grant, type GrantKind, grantKinds, type Instant } from "~/core/model";
import type { allGrantsQuery } from "~/forms/api-queries";
import type { Services } from "~/server/services.server";
import { grantOf } from "~db/store/grants.server";
import { endlessGrants, grantsOfAllTenants } from "~db/store/trials.server";

type Listed = { tenant: string; grant: Grant };

/** The API's list over all tenants by actual end, those without one last. */
export async function listAllGrants({ db, now: clock }: Services, query: z.output<typeof allGrantsQuery>) {
  const now = clock();
  const { cursor, limit, kind, endsAfter, endsBefore, ...more } = query;
  const filter = { ...more, endsFrom: endsAfter, endsBefore };
  const size = limit + 1;
  const after = cursor && { at: cursor[0], id: cursor[1] };
  const found: Listed[] = [];
  if (after?.at !== null) {
    const slice = { order: { by: "end" as const }, after: after as { at: Instant; id: string } | undefined, size };
    // Each kind is read in order from its index.
    for (const one of kind ? [kind] : grantKinds) found.push(...(await rowsOf(one, slice)));
    found.sort((a, b) => (endOf(a.grant) as Instant) - (endOf(b.grant) as Instant) || (a.grant.id < b.grant.id ? -1 : 1));
    found.splice(size);
  }
  const isBounded = endsAfter !== undefined || endsBefore !== undefined;
  if (found.length < size && kind !== "trial" && !isBounded) {
    const from = after?.at === null ? after.id : undefined;
    const rows = await endlessGrants(db.readAside, db.tables, filter, now, { after: from, size: size - found.length });
    found.push(...rows.map(listed));
  }
  return { grants: found.slice(0, limit), hasMore: found.length > limit, now };

  async function rowsOf(kind: GrantKind, slice: Parameters<typeof grantsOfAllTenants>[5]) {
    return (await grantsOfAllTenants(db.readAside, db.tables, kind, filter, now, slice)).map(listed);
  }
}

const listed = (row: Parameters<typeof grantOf>[0]): Listed => ({ tenant: row.tenant, grant: grantOf(row) });
