import type { Actor, Json } from "~/core/model";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";

/** Lists that can be downloaded as a file. */
export type ExportedList =
  | "activity"
  | "usage"
  | "demand"
  | "trials"
  | "job"
  | "tenants"
  | "trial_list"
  | "plans"
  | "features"
  | "keys"
  | "people";

/**
 * Records an export before its first byte is sent. `tenant`: the file is about one tenant, and the entry is shown on
 * its page.
 */
export async function recordExport(
  { db, now }: Pick<Services, "db" | "now">,
  actor: Actor,
  { list, tenant, filter }: { list: ExportedList; tenant?: string; filter: URLSearchParams },
): Promise<void> {
  const about =
    tenant === undefined
      ? ({ action: `${list}.exported`, subjectKind: "export", subject: list } as const)
      : ({ action: "tenant.usage_exported", subjectKind: "tenant", subject: tenant } as const);
  const after: Json = Object.fromEntries([...filter].slice(0, maxFields).map(([name, value]) => [cut(name), cut(value)]));
  await db.transaction([], (tx) => writeAudit(tx, db.tables, { at: now(), actor, ...about, after }));
}

// A URL edited by hand may have anything in it.
const maxFields = 20;
const cut = (text: string) => [...text.replaceAll("\0", "")].slice(0, 200).join("");
