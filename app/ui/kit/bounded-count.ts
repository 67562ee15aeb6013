import type { BoundedCount } from "~/core/bounded-count";
import { count } from "./pagination";

/** "1,204", "10,000 or more" or "up to 10,000". */
export function boundedWords({ tenants, bound }: BoundedCount): string {
  if (bound === "exact") return count(tenants);
  return bound === "at_least" ? `${count(tenants)} or more` : `up to ${count(tenants)}`;
}

/** "1 tenant", "10,000 or more tenants". */
export const boundedTenants = (counted: BoundedCount): string =>
  `${boundedWords(counted)} ${counted.tenants === 1 && counted.bound !== "at_least" ? "tenant" : "tenants"}`;
