import { renameSync } from "node:fs";
import type { Grant, Instant } from "~/core/model";
import { day, hour } from "~/core/time";
import { type Chance, seededChance } from "~/server/demo/chance";
import type { Services } from "~/server/services.server";
import { type TenantWrite, writeTenantChanges } from "~db/store/tenant-writes.server";
import { importGitlab, keptFile, operator, withServices } from "./database";

export const tenantsMade = 100_000;
const batchSize = 1_000;

const first =
  "Amber Birch Cobalt Dune Elder Fjord Granite Harbour Indigo Juniper Kelp Lumen Moss Nordic Ochre Pine Quartz Río Sable Tidal Über Violet Willow Żółty".split(
    " ",
  );
const second = "Logistics Foods Analytics Robotics Studios Health Verlag Energia Textiles Software 物流 Holding".split(" ");

/** A SQLite file with 100,000 tenants on the GitLab catalogue and 200,000 grants. Made once, in a minute or two. */
export async function tenantsDatabase(): Promise<string> {
  const { file, isThere } = keptFile("tenants-v3.db");
  if (isThere) return file;
  process.stdout.write("Making 100,000 tenants with 200,000 grants, this once …\n");
  const unfinished = `${file}.part`;
  await makeTenants(unfinished, tenantsMade);
  renameSync(unfinished, file);
  return file;
}

/** Makes tenants with two grants each, in batches of 1,000. */
export async function makeTenants(file: string, tenants: number): Promise<void> {
  await withServices(file, async (services) => {
    await importGitlab(services);
    const chance = seededChance(1);
    for (let from = 0; from < tenants; from += batchSize) await writeBatch(services, from, chance);
  });
}

export const tenantKey = (number: number) => `org-${String((number * 7_919) % tenantsMade).padStart(6, "0")}`;

async function writeBatch({ db, now: clock, facts }: Services, from: number, chance: Chance): Promise<void> {
  const now = clock();
  const features = [...facts.catalogue().features.keys()];
  const writes = Array.from({ length: batchSize }, (_, i): TenantWrite => {
    const createdAt = now - chance.between(1, 700) * day - chance.between(0, day);
    const number = from + i;
    const plan = chance.weighted({ free: 40, starter: 25, premium: 22, ultimate: 8, none: 5 });
    const set = {
      name: `${chance.pick(first)} ${chance.pick(second)} ${number}`,
      status: chance.weighted({ active: 93, suspended: 4, archived: 3 }),
      plan: plan === "none" ? null : plan,
      addOns: chance.happens(0.06) ? [{ plan: "geo", addedAt: createdAt }] : [],
      metadata: { region: "eu-central", seats: chance.between(1, 500) },
      createdAt,
    };
    const grants = chance.some(features, 2).map((feature) => grantOf(feature, createdAt, now, chance));
    return { before: null, change: { action: "tenant.created", key: tenantKey(number), set, grants, at: createdAt, why: null } };
  });
  await db.transaction([], (tx) => writeTenantChanges(tx, db.tables, writes, operator));
}

/** 3 % are live trials, so that 6 % of the tenants have one; some are overrides, the rest ended trials. */
function grantOf(feature: string, createdAt: Instant, now: Instant, chance: Chance): Grant {
  const common = { id: chance.id("gr"), feature, endedAt: null, extends: null, note: null, createdAt, createdBy: operator.name };
  const fate = chance.weighted({ live: 3, override: 15, over: 82 });
  if (fate === "override") return { ...common, kind: "override", effect: "allow", value: true, startsAt: createdAt, endsAt: null };
  if (fate === "over") return { ...common, kind: "trial", value: true, startsAt: createdAt, endsAt: createdAt + 14 * hour };
  const startsAt = now - chance.between(1, 10) * day;
  return { ...common, kind: "trial", value: true, startsAt, endsAt: now + chance.between(1, 60) * day };
}
