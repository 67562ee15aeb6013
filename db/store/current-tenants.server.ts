import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Instant, TenantFacts } from "~/core/model";
import { effective } from "~/core/schedules/effective";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { foldDue } from "./fold-schedules.server";
import { readTenantsByKey } from "./tenant-documents.server";
import type { TenantWrite } from "./tenant-writes.server";

export type CurrentTenants = {
  /** As they are at that instant, by key. Null if there is no such tenant. */
  facts: Map<string, TenantFacts | null>;
  /**
   * Writes the scheduled changes that are due of the tenants that these writes change, and returns the writes to make
   * after them. For a transaction that has the tenants' locks.
   */
  foldBefore<Write extends TenantWrite>(writes: readonly Write[]): Promise<Write[]>;
};

/**
 * Tenants with the scheduled changes that are due at `at`, as every change of a tenant has to see them. The catalogue is
 * asked for only if a tenant has scheduled changes, because compiling it takes longer than most changes.
 */
export async function readCurrentTenants(
  q: Queries,
  t: Schema,
  keys: string[],
  catalogue: () => Catalogue,
  at: Instant,
): Promise<CurrentTenants> {
  const stored = await readTenantsByKey(q, t, keys);
  if (![...stored.values()].some((facts) => facts?.scheduled)) return { facts: stored, foldBefore: async (writes) => [...writes] };
  const compiled = catalogue();
  return {
    facts: new Map([...stored].map(([key, facts]) => [key, facts && effective(facts, compiled, at)])),
    async foldBefore(writes) {
      const changed = writes.flatMap(({ change }) => stored.get(change.key) ?? []);
      const folded = await foldDue(q, t, changed, compiled, at);
      return writes.map((write) => {
        const before = folded.get(write.change.key) ?? stored.get(write.change.key) ?? null;
        return { ...write, before };
      });
    },
  };
}
