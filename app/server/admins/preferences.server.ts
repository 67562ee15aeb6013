import type { TenantListLook } from "~/core/tenants/tenant-columns";
import { readTenantLook } from "~/forms/tenants/tenant-look";
import type { Services } from "~/server/services.server";
import { readPreference, writePreference } from "~db/store/preferences.server";
import type { SignedIn } from "./sessions.server";

const listOfTenants = "tenants";

/** The columns and density that this person has kept, or the default ones. */
export async function tenantLookOf({ db }: Pick<Services, "db">, { id }: Pick<SignedIn, "id">): Promise<TenantListLook> {
  return readTenantLook(await readPreference(db.readAside, db.tables, id, listOfTenants));
}

/** Null: the default ones again. */
export async function keepTenantLook({ db }: Pick<Services, "db">, { id }: SignedIn, look: TenantListLook | null): Promise<void> {
  const value = look && { columns: [...look.columns], density: look.density };
  await db.transaction([], (tx) => writePreference(tx, db.tables, id, listOfTenants, value));
}
