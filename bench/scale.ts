import { renameSync } from "node:fs";
import Sqlite from "better-sqlite3";
import { benchKey, copyOf, keptFile, temporaryFile, withServices } from "./database";
import { asMuchAsItCan, type Run, summaryOf } from "./load";
import { median, rounded } from "./numbers";
import { memoryOf, type Server, startServer, stop } from "./process";
import { oneFeature, requestOf } from "./questions";
import { makeTenants, tenantKey, tenantsDatabase, tenantsMade } from "./tenants-database";

const turns = 7;
const seconds = 2;
const hot = 1_000;
const warmed = 50_000;

type World = Server & { tenants: number; key: string; requests: string[] };

/** Checks of 1,000 hot tenants among ever more tenants; memory per tenant; cost of a cold one. */
export async function benchScale() {
  const files = { 1000: await fewTenants(), 100000: await tenantsDatabase(), 1000000: await aMillionTenants() };
  const worlds: World[] = [];
  for (const [tenants, file] of Object.entries(files)) {
    const copy = copyOf(file, `scale-${tenants}`);
    const key = await withServices(copy, (services) => benchKey(services));
    const requests = Array.from({ length: hot }, (_, i) => requestOf(oneFeature(tenantKey(i)), key));
    worlds.push({ ...(await startServer(copy)), tenants: Number(tenants), key, requests });
  }
  try {
    const runs = worlds.map(() => [] as Run[]);
    for (const world of worlds) await asMuchAsItCan(world, { seconds: 1 });
    for (let turn = 0; turn < turns; turn++)
      for (const [i, world] of worlds.entries()) runs[i]?.push(await asMuchAsItCan(world, { seconds }));
    const smallest = runs[0] ?? [];
    const hotSet = worlds.map(({ tenants }, i) => {
      const list = runs[i] ?? [];
      const ratio = median(list.map((r, n) => r.perSecond / (smallest[n] as Run).perSecond));
      return { tenants, ...summaryOf(list), ratioToSmallest: rounded(ratio) };
    });
    return { hotTenants: hot, turns, expectedRatio: 0.8, hotSet, ...(await coldTenants(worlds[1] as World)) };
  } finally {
    await Promise.all(worlds.map(({ child }) => stop(child)));
  }
}

/** Requests many tenants for the first time, and then again. */
async function coldTenants({ child, port, key }: World) {
  const before = memoryOf(child);
  const requests = Array.from({ length: warmed }, (_, i) => requestOf(oneFeature(tenantKey(hot + i)), key));
  const cold = await asMuchAsItCan({ child, port, requests }, { questions: warmed });
  const after = memoryOf(child);
  const warm = await asMuchAsItCan({ child, port, requests }, { questions: warmed });
  return {
    firstQuestionAboutATenant: { ...summaryOf([cold]), ratioToTheSecond: rounded(cold.perSecond / warm.perSecond) },
    bytesOfMemoryPerTenant: before && after ? Math.round((after - before) / warmed) : null,
  };
}

async function fewTenants(): Promise<string> {
  const file = temporaryFile("few");
  await makeTenants(file, hot);
  return file;
}

/** The 100,000 tenants ten times over: tenants and facts only, which is all checks read. */
async function aMillionTenants(): Promise<string> {
  const { file, isThere } = keptFile("million-v1.db");
  if (isThere) return file;
  process.stdout.write("Making 1,000,000 tenants, this once …\n");
  const copy = copyOf(await tenantsDatabase(), "million");
  const db = new Sqlite(copy);
  db.pragma("foreign_keys = OFF");
  const columns = (table: string) => db.pragma(`table_info(${table})`) as { name: string }[];
  const others: { [column: string]: string } = {
    key: "replace(key, 'org-', 'org' || @n || '-')",
    subject: "replace(subject, 'org-', 'org' || @n || '-')",
    document: `replace(document, '"key":"org-', '"key":"org' || @n || '-')`,
  };
  for (const [table, which] of [
    ["tenants", "key like 'org-%'"],
    ["facts_history", "kind = 'tenant' and subject like 'org-%'"],
  ] as const) {
    const names = columns(table).map(({ name }) => name);
    const copied = names.map((name) => others[name] ?? name);
    const insert = db.prepare(`insert into ${table} (${names}) select ${copied} from ${table} where ${which}`);
    for (let n = 1; n < 1_000_000 / tenantsMade; n++) insert.run({ n: String(n) });
  }
  db.exec(`vacuum into '${file}.part'`);
  db.close();
  renameSync(`${file}.part`, file);
  return file;
}
