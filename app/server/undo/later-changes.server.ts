import type { Instant, Json } from "~/core/model";
import type { UndoProblem } from "~/core/undo/reverted";
import { zonedDateTime } from "~/core/zoned-time";
import type { Queries } from "~db/database";
import type { Schema } from "~db/schema";
import { type AuditFilter, type ListedAuditRow, listAudit } from "~db/store/audit.server";

/** Entries of one subject that are searched for the change that a refusal is about. */
const maxSearched = 50;
/** Subjects for which the change is looked up for a page. Further refusals do not name it. */
const maxSubjects = 40;

type Looked = { after: number; zone: string; now: Instant; maxSubjects?: number };

/** Adds to refusals about later changes who made them and when: "… was changed since by Bea on 3 Dec, 10:05 UTC." */
export async function nameLaterChanges<Item extends { tenant: string | null; problems: UndoProblem[] }>(
  q: Queries,
  t: Schema,
  items: readonly Item[],
  { after, zone, now, maxSubjects: max = maxSubjects }: Looked,
): Promise<Item[]> {
  let searched = 0;
  const named: Item[] = [];
  for (const item of items) {
    const isNeeded = item.problems.some((p) => p.isChanged);
    const rows = isNeeded && searched < max ? await laterRows(q, t, item, after) : [];
    if (isNeeded) searched += 1;
    const problems = item.problems.map((problem) => (problem.isChanged ? withCause(problem, rows, zone, now) : problem));
    named.push({ ...item, problems });
  }
  return named;
}

async function laterRows(q: Queries, t: Schema, { tenant, problems }: { tenant: string | null; problems: UndoProblem[] }, after: number) {
  const filters: AuditFilter[] =
    tenant !== null
      ? [{ subjectKind: "tenant", subject: tenant }]
      : [...new Set(problems.map((p) => p.field.split("/").slice(0, 2).join("/")))]
          .slice(0, maxSubjects)
          .map(
            (field): AuditFilter => ({ subjectKind: field.startsWith("plans/") ? "plan" : "feature", subject: field.split("/")[1] ?? "" }),
          );
  if (tenant === null) filters.push({ subjectKind: "catalogue", subject: "" });
  const found: ListedAuditRow[] = [];
  for (const filter of filters) found.push(...(await listAudit(q, t, filter, { size: maxSearched })));
  return found.filter(({ seq }) => seq > after).sort((a, b) => b.seq - a.seq);
}

function withCause(problem: UndoProblem, rows: readonly ListedAuditRow[], zone: string, now: Instant): UndoProblem {
  const cause = rows.find((row) => touches(row, problem.field));
  const by = cause ? ` by ${cause.actorName} on ${zonedDateTime(cause.at.getTime(), zone, now)}` : "";
  return { ...problem, message: `${problem.message}${by}.` };
}

type Fields = { [field: string]: Json };
const fieldsOf = (value: Json | undefined): Fields => (typeof value === "object" && value !== null && !Array.isArray(value) ? value : {});

/** Whether an entry changed a field. */
function touches({ before, after, subjectKind, isLarge }: ListedAuditRow, field: string): boolean {
  const [top = "", key] = field.split("/");
  if (top === "" || isLarge) return true;
  const changed = [fieldsOf(before)[top], fieldsOf(after)[top]].filter((value) => value !== undefined);
  if (changed.length === 0) return false;
  if (subjectKind === "tenant" && top !== "grants") return true;
  const items = changed.flatMap((list) => (Array.isArray(list) ? list : []));
  const isIt = (item: Fields) => (top === "grants" ? [item.id, item.extends, item.restores].includes(key as string) : item.key === key);
  return items.some((item) => isIt(fieldsOf(item)));
}
