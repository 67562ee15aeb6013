import { readFile } from "node:fs/promises";
import { type Catalogue, compileCatalogue } from "~/core/catalogue/catalogue";
import { planImport } from "~/core/import/catalogue-import";
import type { Actor, CatalogueFacts, Instant, TenantFacts } from "~/core/model";
import { type Refusal, refuse } from "~/core/outcome";
import { day } from "~/core/time";
import { readCatalogueFile } from "~/forms/import/catalogue-file-text";
import { shippedCatalogue } from "~/server/catalogue/shipped-catalogues.server";
import { allFeatures } from "~/server/checks/check-counts.server";
import type { Services } from "~/server/services.server";
import { catalogueLock, type Queries } from "~db/database";
import { writeAudit } from "~db/store/audit.server";
import { writeCatalogueChange } from "~db/store/catalogue-writes.server";
import { putCheckCounts } from "~db/store/check-counts.server";
import { startEventCursorHere } from "~db/store/event-cursor.server";
import { readCatalogueFacts } from "~db/store/facts.server";
import { hasTenants } from "~db/store/tenant-list.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { type Chance, seededChance } from "./chance";
import { checksOf, type Timeline } from "./checks";
import { companies } from "./names";
import { type Happening, historyDays, storyOf } from "./story";

/** Share of tenants that came with the first import. */
const shareAtFirst = 0.36;
type Demo = { seed: number; size: number };
const usual: Demo = { seed: 20_261_120, size: 500 };
const demo: Actor = { kind: "system", id: "demo", name: "Demo data" };

/**
 * Fills a fresh database with generated tenants on the GitLab catalogue, with their history and a month of checks. All
 * or nothing. Equal seeds at equal times make equal tenants.
 */
export async function fillWithDemo(services: Services, actor: Actor, { seed, size }: Demo = usual): Promise<{ ok: true } | Refusal> {
  const { db, facts: cache } = services;
  const now = services.now();
  const name = "gitlab.yaml";
  const read = readCatalogueFile(name, await readFile(shippedCatalogue(name), "utf8"));
  if (!read.ok) throw new Error(`${name} cannot be read: ${read.problems[0]?.message}`);

  const filled = await db.transaction([catalogueLock], async (tx) => {
    const before = await readCatalogueFacts(tx, db.tables);
    if (before.revision > 0 || (await hasTenants(tx, db.tables))) {
      return refuse("not_empty", "There is data already, and demo data goes only into a fresh database. Name another one in DATABASE_URL.");
    }
    const chance = seededChance(seed);
    const stamp = { now: now - (historyDays + 1) * day, actor: demo, newId: chance.id };
    const plan = planImport(before, read.file, stamp);
    if (!plan.ok || !plan.change) throw new Error(`${name} cannot be imported.`);
    const catalogueFacts = await writeCatalogueChange(tx, db.tables, before, plan.change, demo);
    const catalogue = compileCatalogue(catalogueFacts);

    const timelines = await live(services, tx, happenings(size, catalogue, now, chance), catalogue, chance);
    const counts = [...timelines.values()].flatMap((timeline) => checksOf(timeline, catalogue, now, chance, allFeatures));
    await putCheckCounts(tx, db.tables, counts);
    await startEventCursorHere(tx, db.tables, now);
    const after = { tenants: timelines.size, seed };
    await writeAudit(tx, db.tables, { at: now, actor, action: "demo.filled", subjectKind: "settings", subject: "demo", after });
    return { ok: true as const, catalogueFacts, tenants: [...timelines.values()].map((t) => t.at(-1)?.facts as TenantFacts) };
  });
  if (!filled.ok) return filled;
  putInCache(cache, filled);
  return { ok: true };
}

function putInCache(cache: Services["facts"], made: { catalogueFacts: CatalogueFacts; tenants: TenantFacts[] }): void {
  cache.putCatalogue(made.catalogueFacts);
  for (const facts of made.tenants) cache.putTenant(facts.key, facts);
}

/** All stories merged, in chronological order. */
function happenings(size: number, catalogue: Catalogue, now: Instant, chance: Chance): Happening[] {
  const all = companies(size, chance).flatMap((company, i) => storyOf(company, i < size * shareAtFirst, catalogue, now, chance));
  return all.sort((a, b) => a.at - b.at || (a.key < b.key ? -1 : 1));
}

/** Replays the events: each change is made by its pure function and written with its own time. */
async function live({ db }: Services, tx: Queries, all: Happening[], catalogue: Catalogue, chance: Chance): Promise<Map<string, Timeline>> {
  const timelines = new Map<string, Timeline>();
  for (let i = 0; i < all.length; ) {
    const { at, actor } = all[i] as Happening;
    const writes: TenantWrite[] = [];
    const touched = new Set<string>();
    for (; all[i]?.at === at && all[i]?.actor === actor; i++) {
      const { key, make } = all[i] as Happening;
      if (touched.has(key)) break;
      touched.add(key);
      const before = timelines.get(key)?.at(-1)?.facts ?? null;
      const outcome = make(before, catalogue, { now: at, actor, newId: chance.id });
      if (outcome.ok && outcome.change) writes.push({ before, change: outcome.change, changeSet: `demo_${i}` });
    }
    for (const facts of await writeTenantChanges(tx, db.tables, writes, actor)) {
      const timeline = timelines.get(facts.key);
      if (timeline) timeline.push({ at, facts });
      else timelines.set(facts.key, [{ at, facts }]);
    }
    // Yields to other requests.
    await new Promise(setImmediate);
  }
  return timelines;
}
