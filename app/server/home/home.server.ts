import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { recentActivity } from "~/server/audit/audit-pages.server";
import { comingPublications } from "~/server/catalogue/coming-publications.server";
import { drawBars } from "~/server/charts/bar-drawing.server";
import { keyStateOf, listKeys } from "~/server/keys/api-keys.server";
import { pageParts } from "~/server/logging/page-parts.server";
import { nextChangesOfAll } from "~/server/schedules/coming-rows.server";
import type { Services } from "~/server/services.server";
import { trialsMadeRedundant } from "~/server/trials/redundant-trials.server";
import { readTrialList } from "~/server/trials/trial-list.server";
import {
  checksOfLastDays,
  featuresByRefusals,
  staleFiguresSince,
  tenantsNearLimits,
  tenantsPerPlan,
} from "~/server/usage/home-figures.server";
import type { ApiKey } from "~db/store/api-keys.server";
import { firstTenant } from "~db/store/tenant-list.server";

const maxListed = 5;
const maxActivities = 8;
/** Keys that expire within this, in ms, and keys that were never used for as long. */
const keyNoticeMs = 14 * day;

/** Everything on the first page. Each part is read by itself, so that one that fails leaves the others. */
export async function readHome(services: Services, zone: string) {
  const { log, facts, now } = services;
  const part = pageParts(log, "home");
  await facts.look();
  const keys = await part("keys", () => listKeys(services));
  return {
    now: now(),
    start: keys && (await part("start", () => readStart(services, keys))),
    endingTrials: await part("trials", () => endingTrials(services)),
    comingChanges: await part("coming changes", () => nextChangesOfAll(services)),
    publications: await part("publications", () => comingPublications(services)),
    redundantTrials: await part("redundant trials", () => trialsMadeRedundant(services)),
    limits: await part("limits", () => tenantsNearLimits(services)),
    refused: await part("refusals", () => featuresByRefusals(services)),
    keys: keys && keysInNeed(keys, now()),
    posthog: await part("posthog", () => posthogTrouble(services)),
    plans: await part("plans", () => tenantsPerPlan(services)),
    checks: await part("checks", async () => {
      const bars = await checksOfLastDays(services);
      return { bars, drawing: drawBars(bars.map(({ allowed, refused }) => [allowed, refused])) };
    }),
    staleSince: (await part("figures", () => staleFiguresSince(services))) ?? null,
    activities: await part("activity", () => recentActivity(services, maxActivities, zone)),
  };
}

/** What a new installation has already. `tenant`: one to try a check with. */
async function readStart({ db, facts, now }: Services, keys: readonly ApiKey[]) {
  const { features, plans } = facts.catalogue();
  const checkKeys = keys.filter(({ scopes }) => scopes.includes("check"));
  const tenant = await firstTenant(db.readAside, db.tables);
  return {
    hasCatalogue: features.size + plans.size > 0,
    hasTenants: tenant !== null,
    tenant,
    hasKey: checkKeys.some((key) => keyStateOf(key, now()) === "active"),
    hasCheck: checkKeys.some(({ lastUsedAt }) => lastUsedAt !== null),
  };
}

async function endingTrials(services: Services) {
  const { rows, next } = await readTrialList(services, readTrialListQuery(new URLSearchParams({ tab: "ending" })));
  return {
    count: rows.length,
    /** True if there are more than `count`. */
    hasMore: next !== null,
    first: rows.slice(0, maxListed).map(({ id, tenant, feature, bundle, endsAt }) => ({
      ...{ id, tenant, endsAt },
      what: bundle ? `Bundle ${bundle.plan}` : feature.name,
    })),
  };
}

type KeysInNeed = { count: number; first: { id: string; name: string; expiresAt: Instant | null }[] };

/** Active keys that expire soon, and those that were never used: how many, and the first few of each. */
function keysInNeed(keys: readonly ApiKey[], now: Instant) {
  const active = keys.filter((key) => keyStateOf(key, now) === "active");
  const expiring = active.filter(({ expiresAt }) => expiresAt !== null && expiresAt < now + keyNoticeMs);
  const unused = active.filter(({ lastUsedAt, createdAt }) => lastUsedAt === null && createdAt < now - keyNoticeMs);
  const shown = (list: ApiKey[]): KeysInNeed => ({
    count: list.length,
    first: list.slice(0, maxListed).map(({ id, name, expiresAt }) => ({ id, name, expiresAt })),
  });
  return { expiring: shown(expiring), unused: shown(unused) };
}

/** Since when PostHog does not answer about flags, and why; null without trouble. */
async function posthogTrouble({ posthog }: Services): Promise<{ since: Instant; why: string } | "none"> {
  const { status } = (await posthog?.flagReport()) ?? {};
  return status?.trouble ?? "none";
}
