/** A count of tenants that may have stopped at a bound: there may be more (`at_least`) or fewer (`at_most`). */
export type BoundedCount = { tenants: number; bound: "exact" | "at_least" | "at_most" };
