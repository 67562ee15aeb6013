import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { type ComingChange, comingChanges } from "~/core/schedules/coming-changes";
import { scheduleProblemWords, scheduleWords } from "~/core/schedules/schedule-words";
import type { Services } from "~/server/services.server";
import {
  nextScheduledRows,
  refusedScheduledRows,
  type ScheduledPlace,
  type ScheduledRow,
  scheduledPlanKeys,
  scheduledRowsOfPlan,
} from "~db/store/scheduled-changes.server";
import { readTenantsByKey } from "~db/store/tenant-documents.server";

/** On Home. */
const maxListed = 5;
/** Rows of a page, and of those in trouble on the first one. */
const pageSize = 25;
/** Plans that scheduled changes give, and those of them that are archived, which are looked at. */
const maxPlans = 1_000;
const maxArchived = 20;

/** A scheduled change, as pages show it. `problem`: null unless it has no effect at its time. */
export type ComingRow = Pick<ComingChange, "id" | "at" | "state" | "note"> & {
  words: string;
  by: string;
  problem: string | null;
  /** True if it takes effect when trials end, and moves with them. */
  isAfterTrial: boolean;
};

export function comingRow({ id, at, state, why, by, note, follows, ...fields }: ComingChange, { plans }: Catalogue): ComingRow {
  const words = scheduleWords(fields, (key) => plans.get(key)?.name ?? key);
  const isAfterTrial = follows !== undefined && state !== "refused";
  return { id, at, state, note, words, by: by.name, problem: why && scheduleProblemWords[why], isAfterTrial };
}

/** The changes of a tenant that have not taken effect, the earliest first. */
export const comingRows = (facts: TenantFacts, catalogue: Catalogue, now: Instant): ComingRow[] =>
  comingChanges(facts, catalogue, now).map((change) => comingRow(change, catalogue));

type RowOfTenant = ComingRow & { tenant: { key: string; name: string } };
export type ListedComingChanges = { rows: RowOfTenant[]; hasMore: boolean };
type Parts = Pick<Services, "db" | "facts" | "now">;

/** Over all tenants: those that were or would be impossible, then the next ones. */
export async function nextChangesOfAll(services: Parts): Promise<ListedComingChanges> {
  const { readAside: q, tables: t } = services.db;
  const at = services.now();
  const size = maxListed + 1;
  const found = unique([...(await rowsInTrouble(services, at, size)), ...(await nextScheduledRows(q, t, at, { size }))]);
  return { rows: await withWords(services, found.slice(0, maxListed), at), hasMore: found.length > maxListed };
}

/** One page of the coming changes of all tenants. `inTrouble` is empty after the first page. */
export async function comingChangesPage(services: Parts, after: ScheduledPlace | undefined) {
  const { readAside: q, tables: t } = services.db;
  await services.facts.look();
  const now = services.now();
  const troubled = after ? [] : await rowsInTrouble(services, now, pageSize + 1);
  const next = await nextScheduledRows(q, t, now, { size: pageSize + 1, after });
  const last = next.length > pageSize ? next[pageSize - 1] : undefined;
  const listed = troubled.slice(0, pageSize);
  const isListed = new Set(listed.map(({ id }) => id));
  const others = next.slice(0, pageSize).filter(({ id }) => !isListed.has(id));
  return {
    now,
    inTrouble: await withWords(services, listed, now),
    hasMoreInTrouble: troubled.length > pageSize,
    rows: await withWords(services, others, now),
    next: last ? { at: last.at, id: last.id } : null,
  };
}

const unique = (rows: ScheduledRow[]): ScheduledRow[] => [...new Map(rows.map((row) => [row.id, row])).values()];

/** Changes that had no effect, then those that would have none. */
async function rowsInTrouble({ db, facts }: Parts, now: Instant, size: number): Promise<ScheduledRow[]> {
  const { readAside: q, tables: t } = db;
  const refused = await refusedScheduledRows(q, t, size);
  const { plans } = facts.catalogue();
  const given = await scheduledPlanKeys(q, t, maxPlans);
  const archived = given.filter((key) => (plans.get(key)?.archivedAt ?? null) !== null).slice(0, maxArchived);
  const endangered: ScheduledRow[] = [];
  for (const plan of archived) endangered.push(...(await scheduledRowsOfPlan(q, t, plan, now, size)));
  return unique([...refused, ...endangered.sort((a, b) => a.at - b.at || (a.id < b.id ? -1 : 1))]).slice(0, size);
}

async function withWords({ db, facts }: Parts, shown: ScheduledRow[], at: Instant): Promise<RowOfTenant[]> {
  const tenants = await readTenantsByKey(db.readAside, db.tables, [...new Set(shown.map(({ tenant }) => tenant))]);
  const catalogue = facts.catalogue();
  return shown.flatMap(({ id, tenant: key }) => {
    const tenant = tenants.get(key);
    const row = tenant && comingRows(tenant, catalogue, at).find((one) => one.id === id);
    return tenant && row ? [{ ...row, tenant: { key, name: tenant.name } }] : [];
  });
}
