import { namesIn } from "~/core/audit/activity";
import { legible } from "~/core/audit/audit-documents";
import { changeLines } from "~/core/audit/change-lines";
import { mayAct } from "~/core/permissions";
import { shorten } from "~/core/text";
import { zonedDateTime } from "~/core/zoned-time";
import { readTimeZone } from "~/forms/time-zone";
import { actorOf, requireAdmin, type SignedIn } from "~/server/admins/sessions.server";
import { readAuditEntry } from "~/server/audit/audit-pages.server";
import { catalogueNow } from "~/server/catalogue/catalogue-pages.server";
import type { RequestContext, Services } from "~/server/services.server";
import { findAct, previewUndo } from "./undo.server";
import type { UndoItem } from "./undo-items.server";

/** Bounds of what the page shows, so that it stays under 150 kB. */
const maxItems = 25;
const maxLines = 12;
const maxProblems = 40;
const maxValueCharacters = 300;

export const seqOf = (param: string | undefined): number => (/^\d{1,15}$/.test(param ?? "") ? Number(param) : Number.NaN);

/** What the undo of an entry would do, for its page. Throws a 404 if there is no such entry. */
export async function readUndoPage(services: Services, admin: SignedIn, seq: number, request: Request) {
  const zone = readTimeZone(request.headers.get("Cookie")) ?? "UTC";
  const { entry, now } = await readAuditEntry(services, seq, zone);
  const found = await findAct(services, seq);
  const about = { entry, now, entries: found?.ok ? found.entries : 1, isLarge: found?.ok === true && found.isLarge };
  if (!found?.ok) return { ...about, preview: null, never: found?.message ?? null, canUndo: true, needs: null };
  const rights = { canUndo: mayAct(admin.role, found.act), needs: found.act };
  // A large act is looked at by a job.
  if (found.isLarge) return { ...about, preview: null, never: null, ...rights };
  const preview = await previewUndo(services, actorOf(admin), found, zone);
  if (!preview.ok) return { ...about, preview: null, never: preview.message, canUndo: true, needs: null };
  const { items, refused, changed, digest, blocked } = preview;
  const { catalogue } = await catalogueNow(services);
  const { feature, plan } = namesIn(catalogue, "", zone);
  const names = { feature, plan, time: (iso: string) => zonedDateTime(Date.parse(iso), zone, now) };
  const problemsOf = (kind: "refused" | "settled") => [
    ...new Set(items.flatMap((item) => item.problems.filter((p) => p.kind === kind)).map((p) => p.message)),
  ];
  const settled = problemsOf("settled");
  return {
    ...about,
    never: null,
    ...rights,
    preview: {
      ...{ refused, changed, digest, blocked },
      items: items
        .filter((item) => item.changes)
        .slice(0, maxItems)
        .map((item) => shownItem(item, names)),
      moreItems: Math.max(0, changed - maxItems),
      reasons: problemsOf("refused").slice(0, maxProblems),
      settled: settled.slice(0, maxProblems),
      moreSettled: Math.max(0, settled.length - maxProblems),
    },
  };
}

function shownItem({ tenant, name, before, after }: UndoItem, names: Parameters<typeof changeLines>[2]) {
  const lines = changeLines(legible(before), legible(after), names);
  const cut = (text: string | null) => (text === null ? null : shorten(text, maxValueCharacters));
  return {
    tenant,
    name,
    lines: lines.slice(0, maxLines).map(({ label, before, after }) => ({ label, before: cut(before), after: cut(after) })),
    moreLines: Math.max(0, lines.length - maxLines),
  };
}

/** The act to undo and who does it, with the right that it needs. Throws the response if it cannot be undone by them. */
export async function requireUndo(request: Request, context: RequestContext, seq: number) {
  await requireAdmin(request, context, "read");
  const found = await findAct(context, seq);
  if (found === null) throw new Response("There is no such entry in the audit log.", { status: 404 });
  if (!found.ok) throw new Response(found.message, { status: 422, statusText: "Unprocessable Content" });
  return { found, admin: await requireAdmin(request, context, found.act), zone: readTimeZone(request.headers.get("Cookie")) ?? "UTC" };
}
