import { type FlagReading, unknownBecause } from "~/core/model";
import type { TenantRequest } from "./tenants.server";

/** Readings of all flags linked to active features, for one tenant. */
export function tenantFlags({ catalogue, readings }: Pick<TenantRequest, "catalogue" | "readings">) {
  const tied = new Map<string, { key: string; name: string }[]>();
  for (const { key, name, flag, archivedAt } of catalogue.features.values()) {
    if (flag && archivedAt === null) tied.set(flag.key, [...(tied.get(flag.key) ?? []), { key, name }]);
  }
  return [...tied].sort(([a], [b]) => (a < b ? -1 : 1)).map(([flag, features]) => ({ flag, features, ...known(readings.flag?.(flag)) }));
}

function known(reading: FlagReading | undefined) {
  const because = unknownBecause(reading);
  if (!reading || reading.state === "unknown") return { now: null, last: reading?.last ?? null, unknownBecause: because };
  const { state, variant, payload } = reading;
  return { now: { state, variant, payload }, last: null, unknownBecause: because };
}
