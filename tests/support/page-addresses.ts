import { fileURLToPath } from "node:url";
import { UNSAFE_flatRoutes as flatRoutes } from "@remix-run/dev";

/** A value for each path parameter. */
export type KnownKeys = { [parameter: string]: string };

/** Filters and sorts of lists. Other URLs are requested without a query. */
const queries: { [path: string]: string[] } = {
  "/tenants": ["?q=tenant+4", "?plan=plan0", "?status=suspended", "?trial=live", "?sort=-created&page=3", "?sort=plan", "?sort=status"],
  "/search": ["?q=tenant+4", "?q=t1000040", "?q=4+eu", "?q=zz", "?q=trial+t1000040+f0+14"],
  "/trials": [
    "?tab=running",
    "?tab=running&sort=-starts",
    "?tab=upcoming",
    "?tab=ended",
    "?tab=ended&outcome=open&feature=f0",
    "?tab=running&q=tenant+4",
    "?tab=running&q=t1000040",
    "?tab=running&feature=f3&by=Dataset",
  ],
  "/trials/report": ["?from=2025-01"],
  "/plans": ["?q=f1", "?group=Group+3", "?page=2&plans=4"],
  "/features": ["?q=f1", "?type=metered&sort=-group", "?page=3"],
  "/usage": ["?level=80", "?feature=f1", "?plan=plan0", "?q=tenant+4", "?plan=plan0&feature=f1"],
  "/usage/demand": ["?days=7", "?days=90&page=2"],
  "/usage/demand/:feature": ["?days=90"],
  "/usage/export": ["?of=demand"],
  "/activity": ["?kind=tenant&subject=t1000000", "?action=trial.granted", "?actor=admin:adm_1"],
  "/plans/:plan/features/:feature": ["?gives=no&was=null"],
};

/** The URL of every page in the route table, with representative queries. */
export function pageAddresses(known: KnownKeys): string[] {
  const routes = flatRoutes(fileURLToPath(new URL("../../app", import.meta.url)), [], "routes");
  const addresses = new Set<string>();
  for (const route of Object.values(routes)) {
    if (!route) continue;
    let path = "";
    for (let at: typeof route | undefined = route; at; at = at.parentId ? routes[at.parentId] : undefined) {
      if (at.path) path = `${at.path}/${path}`;
    }
    const pattern = `/${path}`.replace(/\/+$/, "") || "/";
    if (pattern.includes("*")) continue;
    for (const query of ["", ...(queries[pattern] ?? [])]) {
      addresses.add(pattern.replace(/:(\w+)/g, (_, name) => encodeURIComponent(known[name] ?? "unknown")) + query);
    }
  }
  return [...addresses].sort();
}
