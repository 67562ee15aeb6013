import type { Actor } from "~/core/model";
import { unstorable } from "~/forms/storable";
import { maxViewName, tenantViewQuery } from "~/forms/tenants/tenant-list-params";
import { maxViewQuery } from "~/forms/tenants/tenant-look";
import type { Services } from "~/server/services.server";
import { writeAudit } from "~db/store/audit.server";
import { countViews, deleteView, findView, insertView, readViews, type SavedView } from "~db/store/saved-views.server";

/** Views of the team. */
export const maxViews = 30;
const list = "tenants" as const;
/** Serializes changes, so that the number and the names hold. */
const viewsLock = { key: "saved views" };

export async function savedViews({ db }: Pick<Services, "db">): Promise<Pick<SavedView, "id" | "name" | "query" | "createdBy">[]> {
  const views = await readViews(db.readAside, db.tables, list, maxViews);
  return views.map(({ id, name, query, createdBy }) => ({ id, name, query, createdBy }));
}

/** A view's parameters, overridden by those of the URL. Null if there is no view of this name. */
export async function parametersOfView({ db }: Pick<Services, "db">, name: string, url: URLSearchParams) {
  if (name.length > maxViewName || unstorable.test(name)) return null;
  const view = await findView(db.readAside, db.tables, list, name);
  if (!view) return null;
  const params = new URLSearchParams(view.query);
  for (const [key, value] of url) if (key !== "view") params.set(key, value);
  return params;
}

/** Saves what these parameters show. Returns why not, if it was not saved. */
export async function saveView({ db, now, newId }: Services, actor: Actor, name: string, params: URLSearchParams): Promise<string | null> {
  const t = db.tables;
  const query = tenantViewQuery(params).toString();
  if (query === "") return "Choose a filter, a sort order or columns first. Without them a view shows all tenants.";
  if (query.length > maxViewQuery) return "This is too long for a view. Use fewer columns or shorter texts.";
  return db.transaction([viewsLock], async (tx) => {
    if (await findView(tx, t, list, name)) return `There is a view ${name}. Choose another name, or delete that one.`;
    if ((await countViews(tx, t, list)) >= maxViews) return `There are ${maxViews} views, which is the most. Delete one first.`;
    const at = now();
    await insertView(tx, t, { id: newId("view"), list, name, query, createdAt: at, createdBy: actor.name });
    await writeAudit(tx, t, { at, actor, action: "view.saved", subjectKind: "settings", subject: name, after: { query } });
    return null;
  });
}

/** Returns the view's name, or null if it is gone already. */
export async function removeView({ db, now }: Services, actor: Actor, id: string): Promise<string | null> {
  const t = db.tables;
  return db.transaction([viewsLock], async (tx) => {
    const view = await deleteView(tx, t, list, id);
    if (!view) return null;
    const { name, query } = view;
    await writeAudit(tx, t, { at: now(), actor, action: "view.deleted", subjectKind: "settings", subject: name, before: { query } });
    return name;
  });
}
