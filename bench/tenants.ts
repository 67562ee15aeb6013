import { defaultTenantColumns } from "~/core/tenants/tenant-columns";
import { readTenantListQuery } from "~/forms/tenants/tenant-list-query";
import { paths } from "~/paths";
import { tenantList } from "~/server/tenants/tenant-list.server";
import { withServices } from "./database";
import { median, rounded } from "./numbers";
import { startServer, stop } from "./process";
import { benchSession } from "./session";
import { tenantsDatabase, tenantsMade } from "./tenants-database";

const repeats = 15;
/** Expected maximum per page in ms. */
const expected = 50;
const lastPage = tenantsMade / 50;

const asked: { [name: string]: Parameters<typeof paths.tenants>[0] } = {
  "first page": {},
  "page in the middle": { page: lastPage / 2 },
  "last page": { page: lastPage },
  "search that finds thousands": { q: "harbour" },
  "search that finds one": { q: "org-004711" },
  "search that finds none": { q: "no such tenant" },
  "search in a plan": { q: "harbour", plan: "premium" },
  "one plan": { plan: "premium" },
  "one plan, far in": { plan: "premium", page: 400 },
  "an add-on": { plan: "geo" },
  "no plan": { plan: "-" },
  suspended: { status: "suspended" },
  "active, far in": { status: "active", page: 1_800 },
  "with live trials": { trial: "live" },
  "trials ending soon": { trial: "ending" },
  "newest first": { sort: "-created" },
  "oldest first, last page": { sort: "created", page: lastPage },
  "by plan": { sort: "plan" },
  "by plan, downwards, last page": { sort: "-plan", page: lastPage },
  "by status": { sort: "status" },
  "by status, last page": { sort: "status", page: lastPage },
  "newest of one plan": { plan: "premium", sort: "-created" },
  "by plan, suspended": { status: "suspended", sort: "plan" },
};

/** The tenants page with 100,000 tenants: the list in the server, and the whole response over HTTP, signed in. */
export async function benchTenants() {
  const file = await tenantsDatabase();
  const lists = await withServices(file, async (services) => {
    const cookie = await benchSession(services);
    const took = await eachInTurns(async (query) => {
      const params = new URLSearchParams(paths.tenants(query).split("?")[1]);
      await tenantList(services, readTenantListQuery(params), defaultTenantColumns);
    });
    return { took, cookie };
  });

  const server = await startServer(file);
  try {
    const pages = await eachInTurns(async (query) => {
      const url = `http://127.0.0.1:${server.port}${paths.tenants(query)}`;
      const response = await fetch(url, { headers: { cookie: lists.cookie, accept: "text/html" }, redirect: "manual" });
      const html = await response.text();
      if (response.status !== 200 || !html.includes("</html>")) throw new Error(`${url} answered ${response.status}`);
    });
    return report(lists.took, pages);
  } finally {
    await stop(server.child);
  }
}

type Took = { [name: string]: { ms: number; cpuMs: number }[] };

/** Repeats the queries in turns, so that each meets the same conditions; the first turn warms up. */
async function eachInTurns(work: (query: Parameters<typeof paths.tenants>[0]) => Promise<void>): Promise<Took> {
  const took: Took = Object.fromEntries(Object.keys(asked).map((name) => [name, []]));
  for (let turn = 0; turn <= repeats; turn++) {
    for (const [name, query] of Object.entries(asked)) {
      const started = performance.now();
      const cpu = process.cpuUsage();
      await work(query);
      const { user, system } = process.cpuUsage(cpu);
      if (turn > 0) took[name]?.push({ ms: performance.now() - started, cpuMs: (user + system) / 1000 });
    }
  }
  return took;
}

function report(lists: Took, pages: Took) {
  const middle = (took: Took, name: string, field: "ms" | "cpuMs") => rounded(median((took[name] ?? []).map((t) => t[field])));
  const names = Object.keys(asked);
  const queries = Object.fromEntries(
    // The page is rendered by another process, so its CPU share is unknown here.
    names.map((name) => [
      name,
      { listMs: middle(lists, name, "ms"), listCpuMs: middle(lists, name, "cpuMs"), pageMs: middle(pages, name, "ms") },
    ]),
  );
  const slow = (field: "listMs" | "listCpuMs" | "pageMs") => names.filter((name) => (queries[name]?.[field] ?? 0) > expected);
  const above = { lists: slow("listMs"), listsByCpu: slow("listCpuMs"), pages: slow("pageMs") };
  return { tenants: tenantsMade, repeats, expectedMs: expected, above, queries };
}
