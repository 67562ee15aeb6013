import { fileURLToPath } from "node:url";
import { UNSAFE_flatRoutes as flatRoutes } from "@remix-run/dev";

/** A value for each path parameter. */
export type KnownKeys = { [parameter: string]: string };

const auditSearches = [
  "?q=tenant+4",
  "?feature=f1",
  "?tenant=t1000040&q=x",
  "?from=2026-11-01&to=2026-11-19&actor=cli:dataset&action=tenant.updated",
  "?signins=yes&kind=plan",
];
const allColumns = "cols=plan,trials,limit,refused,status,changed,created,meta.region,meta.a,meta.b";
const thirtyColumns = `?${Array.from({ length: 30 }, (_, i) => `feature=f${i}`).join("&")}`;

/** Filters and sorts of lists. Other URLs are requested without a query. */
const queries: { [path: string]: string[] } = {
  "/tenants": [
    ...["?q=tenant+4", "?plan=plan0", "?status=suspended", "?trial=live", "?trial=14", "?addOn=plan19", "?metaKey=region&metaValue=eu"],
    ...["plan", "status", "-created&page=3", "trial", "-trial", "-limit", "-refused", "-changed", "plan,-refused"].map(
      (sort) => `?sort=${sort}`,
    ),
    ...["plan", "trial", "override", "limit"].map((through) => `?feature=${through === "limit" ? "f1" : "f0"}&through=${through}`),
    ...["?status=suspended&sort=plan,-refused", "?plan=plan0&sort=-limit,name", "?cols=changed,created,meta.region&density=compact"],
    ...["density=roomy", "density=roomy&trial=live&sort=-limit", "trial=live&sort=-refused,plan"].map((look) => `?${allColumns}&${look}`),
  ],
  "/tenants/:tenant/trial": ["?what=plan&plan=plan0&length=14"],
  "/requests": ["?state=lapsed", "?state=granted&tenant=t1000040", "?tenant=t1000040"],
  "/bulk": ["?all=1", "?all=1&plan=plan0", "?all=1&q=tenant+4", "?all=1&feature=f0&through=trial"],
  "/tenants/:tenant": ["?at=2026-11-10T00:00", "?at=2027-06-01T00:00", "?at=2020-01-01T00:00"],
  "/tenants/:tenant/features": ["?show=all&at=2026-11-10T00:00"],
  "/search": ["?q=tenant+4", "?q=t1000040", "?q=4+eu", "?q=zz", "?q=trial+t1000040+f0+14"],
  "/lists/:list": ["?plan=plan0&format=json", "?q=tenant+4", "?status=suspended", "?feature=f0&through=trial"],
  "/trials": [
    "?tab=running",
    "?tab=running&sort=-starts",
    "?tab=upcoming",
    "?tab=ended",
    "?tab=ended&outcome=open&feature=f0",
    "?tab=ended&outcome=early",
    "?tab=ended&outcome=early&q=tenant+4",
    "?tab=running&q=tenant+4",
    "?tab=running&q=t1000040",
    "?tab=running&feature=f3&by=Dataset",
  ],
  "/trials/report": ["?from=2025-01"],
  "/trials/presets/new": ["?features=f0,f1&days=30"],
  "/plans": ["?q=f1", "?group=Group+3", "?page=2&plans=4"],
  "/features": ["?q=f1", "?type=metered&sort=-group", "?page=3"],
  "/usage": ["?level=80", "?feature=f1", "?plan=plan0", "?q=tenant+4", "?plan=plan0&feature=f1"],
  "/matrix": ["?q=tenant+4", "?plan=plan0&of=plan0", "?trial=live", thirtyColumns, "?add=f1"],
  "/usage/demand": ["?days=7", "?days=90&page=2"],
  "/usage/demand/:feature": ["?days=90"],
  "/usage/compare": ["?tenant=t1000000&tenant=t1000040&tenant=t1000010&show=all&page=2", "?tenant=t1000000&tenant=tenant+4"],
  "/usage/export": ["?of=demand"],
  "/activity": ["?kind=tenant&subject=t1000000", "?action=trial.granted", "?actor=admin:adm_1", ...auditSearches],
  "/activity/export": auditSearches,
  "/features/:feature": ["?plans=all&page=3"],
  "/playground": ["?tenant=t1000040", "?tenant=t1000040&feature=f1&requested=5", "?tenant=t10000400"],
  "/plans/:plan": ["?show=all", "?group=Group+3", "?compare=plan1", "?compare=nothing"],
  "/plans/:plan/features/:feature": ["?gives=no&was=null"],
  "/impact/:id": ["?effect=gains&checks=5&after=t1000040"],
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
