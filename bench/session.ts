import { eq } from "drizzle-orm";
import { beginSession } from "~/server/admins/sessions.server";
import type { Services } from "~/server/services.server";
import { insertAdmin } from "~db/store/admins.server";

const id = "adm_bench";

/** Returns the session cookie of an owner without a valid password. */
export async function benchSession(services: Services): Promise<string> {
  const { db, now } = services;
  const admin = { id, email: "bench@example.com", name: "Bench", role: "owner" as const, createdBy: "bench", createdAt: new Date(now()) };
  const cookie = await db.transaction([], async (tx) => {
    await tx.delete(db.tables.admins).where(eq(db.tables.admins.id, id));
    await insertAdmin(tx, db.tables, { ...admin, passwordHash: "none" });
    return beginSession(tx, services, id, new Request("http://127.0.0.1/"));
  });
  return cookie.split(";", 1)[0] as string;
}
