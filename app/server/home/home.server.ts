import type { Instant } from "~/core/model";
import { day } from "~/core/time";
import { readTrialListQuery } from "~/forms/trials/trial-list-query";
import { recentActivity } from "~/server/audit/audit-pages.server";
import { keyStateOf, listKeys } from "~/server/keys/api-keys.server";
import type { Services } from "~/server/services.server";
import { readTrialList } from "~/server/trials/trial-list.server";
import {
  checksOfLastDays,
  featuresByRefusals,
  staleFiguresSince,
  tenantsNearLimits,
  tenantsPerPlan,
} from "~/server/usage/home-figures.server";
import { firstTenant } from "~db/store/tenant-list.server";

const maxListed = 5;
const maxActivities = 8;
/** Keys that expire within this, in ms, and keys that were never used for as long. */
const keyNoticeMs = 14 * day;

/** A part of the page, or null if it could not be read. */
type Part<Value> = Value | null;

/** Everything on the first page. Each part is read by itself, so that one that fails leaves the others. */
export async function readHome(services: Services, zone: string) {
  const { log, facts, now } = services;
  const part = async <Value>(name: string, read: () => Promise<Value>): Promise<Part<Value>> => {
    try {
      return await read();
    } catch (error) {
      log.error({ err: error, part: name }, "a part of the home page could not be read");
      return null;
    }
  };
  await facts.look();
  return {
    now: now(),
    start: await part("start", () => readStart(services)),
    endingTrials: await part("trials", () => endingTrials(services)),
    limits: await part("limits", () => tenantsNearLimits(services)),
    refused: await part("refusals", () => featuresByRefusals(services)),
    keys: await part("keys", () => keysInNeed(services)),
    posthog: await part("posthog", () => posthogTrouble(services)),
    plans: await part("plans", () => tenantsPerPlan(services)),
    checks: await part("checks", () => checksOfLastDays(services)),
    staleSince: (await part("figures", () => staleFiguresSince(services))) ?? null,
    activities: await part("activity", () => recentActivity(services, maxActivities, zone)),
  };
}

/** What a new installation has already. `tenant`: one to try a check with. */
async function readStart({ db, facts, ...services }: Services) {
  const { features, plans } = facts.catalogue();
  const keys = await listKeys({ db, facts, ...services });
  const tenant = await firstTenant(db.readAside, db.tables);
  const usable = keys.filter((key) => keyStateOf(key, services.now()) === "active" && key.scopes.includes("check"));
  return {
    hasCatalogue: features.size + plans.size > 0,
    hasTenants: tenant !== null,
    tenant,
    hasKey: usable.length > 0,
    hasCheck: keys.some((key) => key.lastUsedAt !== null && key.scopes.includes("check")),
  };
}

async function endingTrials(services: Services) {
  const { rows, next } = await readTrialList(services, readTrialListQuery(new URLSearchParams({ tab: "ending" })));
  return {
    count: rows.length,
    /** True if there are more than `count`. */
    hasMore: next !== null,
    first: rows.slice(0, maxListed).map(({ id, tenant, feature, endsAt }) => ({ id, tenant, feature, endsAt })),
  };
}

export type KeyInNeed = { id: string; name: string; expiresAt: Instant | null };

async function keysInNeed(services: Services) {
  const now = services.now();
  const active = (await listKeys(services)).filter((key) => keyStateOf(key, now) === "active");
  const expiring = active.filter(({ expiresAt }) => expiresAt !== null && expiresAt < now + keyNoticeMs);
  const unused = active.filter(({ lastUsedAt, createdAt }) => lastUsedAt === null && createdAt < now - keyNoticeMs);
  const shown = (keys: typeof active): KeyInNeed[] => keys.slice(0, maxListed).map(({ id, name, expiresAt }) => ({ id, name, expiresAt }));
  return {
    expiring: shown(expiring),
    unused: shown(unused),
    more: Math.max(0, expiring.length - maxListed) + Math.max(0, unused.length - maxListed),
  };
}

/** Since when PostHog does not answer about flags, and why; null without trouble. */
async function posthogTrouble({ posthog }: Services): Promise<{ since: Instant; why: string } | "none"> {
  const { status } = (await posthog?.flagReport()) ?? {};
  return status?.trouble ?? "none";
}
