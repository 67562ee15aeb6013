import { z } from "zod";
import { keyPattern, keyRule, planKinds } from "~/core/model";
import { planKey } from "~/forms/entity-keys";
import { note } from "~/forms/tenants/tenant";

const oneLine = /^[^\p{Cc}]*$/u;

/** Display name of a plan or feature. */
export const displayName = z
  .string("Give it a name.")
  .trim()
  .min(1, "Give it a name.")
  .max(200, "A name has up to 200 characters.")
  .regex(oneLine, "A name is one line of text.");

export const longText = z.string().trim().max(10_000, "A description has up to 10,000 characters.");

export const newKey = z.string("Give it a key.").trim().regex(keyPattern, `A key ${keyRule}`);

/** The revision the editor saw. */
export const expected = z.int("Open the page again: this form is not whole.");

const wholeRank = "A rank is a whole number from 0 to 1,000,000.";
const rank = z.int(wholeRank).min(0, wholeRank).max(1_000_000, wholeRank);

/** Names the change whose effects the editor has seen. */
export const reviewed = z.string().max(100).optional().catch(undefined);

// An empty field means null: pages always send all fields.
const cleared = <T>(value: T | undefined): T | null => value ?? null;
const shared = {
  name: displayName,
  description: longText.optional().transform(cleared),
  includes: planKey.optional().transform(cleared),
  why: note.optional(),
};

export const newPlanForm = z.object({ ...shared, key: newKey, kind: z.enum(planKinds, "Choose one."), rank: rank.optional() });

const savePlan = z.object({
  ...shared,
  intent: z.literal("save"),
  rank: z.int(`Give a rank. ${wholeRank}`).min(0, wholeRank).max(1_000_000, wholeRank),
  expected,
  reviewed,
});
const actOnPlan = z.object({ intent: z.enum(["archive", "restore", "delete"]), why: note.optional() });

/** A plan's page has several forms. */
export const planPageForm = z.discriminatedUnion("intent", [savePlan, actOnPlan], "Use a button of the page.");
