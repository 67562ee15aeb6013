import type { Services } from "~/server/services.server";
import { firstTenant } from "~db/store/tenant-list.server";
import { keyStateOf, listKeys } from "./api-keys.server";

/** A tenant and the name of an active key with the scope check, for code to copy. Null: there is none. */
export async function exampleCheck(services: Services): Promise<{ tenant: string | null; keyName: string | null }> {
  const { db, now } = services;
  const [keys, tenant] = await Promise.all([listKeys(services), firstTenant(db.readAside, db.tables)]);
  const usable = keys.filter((key) => key.kind === "live" && key.scopes.includes("check") && keyStateOf(key, now()) === "active");
  return { tenant, keyName: (usable.find(({ tenant }) => tenant === null) ?? usable[0])?.name ?? null };
}
