import type { JobItem } from "~/core/jobs/job";
import { namedCatalogue } from "~/core/undo/revert-tenant";
import type { UndoProblem } from "~/core/undo/reverted";
import { createdByEntries, type HowToUndo, undoCatalogue, undoTenants } from "~/core/undo/undo-change-set";
import { addUse } from "~/core/undo/use-change";
import type { Services } from "~/server/services.server";
import { readCurrentTenants } from "~db/store/current-tenants.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { readUse, whyBlocked } from "./undo-limits.server";
import { resultOfCatalogue, resultsOfTenants } from "./undo-results.server";
import type { FoundPast, LookedAt, PastBatch, UndoSource } from "./undo-source.server";

type Parts = Pick<Services, "db" | "facts" | "now">;
type How = { how: () => HowToUndo; source: UndoSource; after: number; zone: string };

/** What an undo would do, without its writes. Reads beside checks. */
export function undoLook(parts: Parts, { how, source, after, zone }: How) {
  const { db, facts, now } = parts;
  const { readAside: q, tables: t } = db;

  return {
    /** The results of some tenants, and what was looked at with them. */
    async tenants({ entries, problems, looked }: FoundPast): Promise<{ items: JobItem[]; looked: LookedAt }> {
      await facts.look();
      const [catalogue, at] = [facts.catalogue(), now()];
      const keys = [...new Set(entries.flatMap((entry) => (entry.kind === "tenant" ? [entry.key] : [])))];
      const { facts: tenants } = await readCurrentTenants(q, t, keys, () => catalogue, at);
      const past = await source.catalogue();
      const restored = await restoredCatalogue(past);
      const undone = undoTenants(tenants, entries, restored ? namedCatalogue(restored) : catalogue, how());
      const results = await resultsOfTenants(q, t, undone, problems, catalogue, { after, zone, now: at });
      const reasons = [...problems.values(), ...undone.map((one) => one.problems)].flat().filter(isRefused);
      const first = looked.first ?? results.find(({ stays }) => stays !== null)?.stays ?? null;
      const use = addUse(looked, undone, createdByEntries(past.entries));
      return { items: results.map(({ item }) => item), looked: { ...use, stays: looked.stays + reasons.length, first } };
    },

    /** The catalogue's result, once all tenants were looked at. `stays`: its parts that do not go back. `why`: null if all do. */
    async catalogue(looked: LookedAt): Promise<{ item: JobItem; stays: number; why: string | null }> {
      const { entries, problems: unread } = await source.catalogue();
      const at = now();
      const current = await readCatalogueFacts(q, t);
      const use = await readUse(q, parts, entries);
      const left = {
        tenants: new Map([...use.tenants].map(([plan, n]) => [plan, n + (looked.plans[plan] ?? 0)])),
        grants: new Map([...use.grants].map(([feature, ids]) => [feature, ids.slice(looked.grants[feature] ?? 0)])),
      };
      const undone = undoCatalogue(current, entries, left, how());
      const blocked = await whyBlocked(q, parts, current, { change: undone?.change, writes: [], at });
      const problems = [...[...unread.values()].flat(), ...(undone?.problems ?? [])];
      if (blocked) problems.push({ field: "", message: blocked.message, kind: "refused" });
      const isChanged = Boolean(undone?.change) && !blocked;
      const result = await resultOfCatalogue(q, t, { isChanged, problems }, { after, zone, now: at });
      return { item: result.item, stays: problems.filter(isRefused).length, why: result.stays };
    },
  };

  /** As it will be when the tenants are undone. Null if the act did not change the catalogue. */
  async function restoredCatalogue({ entries }: PastBatch) {
    if (entries.length === 0) return null;
    return undoCatalogue(facts.catalogueFacts(), entries, await readUse(q, parts, entries), how())?.after ?? null;
  }
}

const isRefused = ({ kind }: Pick<UndoProblem, "kind">) => kind === "refused";
