// Apart from the queries, because pages import it into the browser.

/** Ranges of demand and of a tenant's usage, in days. */
export const demandDays = [7, 30, 90] as const;
/** Tenants that can be compared. */
export const maxCompared = 4;
