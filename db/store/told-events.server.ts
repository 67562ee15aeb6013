import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { lastChange } from "./changes.server";
import { readSetting, writeSetting } from "./settings.server";

const setting = "posthog_tenant_events";

/**
 * How far PostHog was told what became of tenants. `seq`: every change up to here; `told`: those beyond it that were;
 * `clock`: the ends of trials up to here.
 */
export type Told = { seq: number; told: number[]; clock: Instant };

/** Null: PostHog was never on. */
export async function readTold(q: Queries, t: Schema): Promise<Told | null> {
  return (await readSetting(q, t, setting)) as unknown as Told | null;
}

export async function writeTold(tx: Queries, t: Schema, told: Told): Promise<void> {
  await writeSetting(tx, t, setting, told as unknown as Json);
}

/** What is there by now is history, and no news. */
export async function tellFromHere(tx: Queries, t: Schema, now: Instant): Promise<void> {
  await writeTold(tx, t, { seq: await lastChange(tx, t), told: [], clock: now });
}
