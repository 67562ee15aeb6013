import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { lastChange } from "./changes.server";
import { readSetting, writeSetting } from "./settings.server";

const setting = "posthog_tenant_events";

/**
 * How far changes were sent to PostHog. `seq`: everything up to it; the list after it: later numbers that were sent; `clock`:
 * ends of trials up to it.
 */
export type EventCursor = { seq: number; told: number[]; clock: Instant };

/** Null if PostHog was never on. */
export async function readEventCursor(q: Queries, t: Schema): Promise<EventCursor | null> {
  return (await readSetting(q, t, setting)) as unknown as EventCursor | null;
}

export async function writeEventCursor(tx: Queries, t: Schema, written: EventCursor): Promise<void> {
  await writeSetting(tx, t, setting, written as unknown as Json);
}

/** Existing changes are history and are not sent. */
export async function startEventCursorHere(tx: Queries, t: Schema, now: Instant): Promise<void> {
  await writeEventCursor(tx, t, { seq: await lastChange(tx, t), told: [], clock: now });
}
