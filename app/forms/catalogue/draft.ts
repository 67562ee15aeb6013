import { z } from "zod";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { Cell } from "~/core/catalogue/catalogue-changes";
import { maxDraftCells, maxDraftName } from "~/core/drafts/plan-draft";
import type { Feature } from "~/core/model";
import { featureKey, planKey } from "~/forms/entity-keys";
import { formZone, inZone, localTime } from "~/forms/instants";
import { shortList } from "~/forms/json-value";
import { note } from "~/forms/tenants/tenant";
import { readValue } from "./feature-value";

/** A cell as it is typed or pasted; an empty text takes the plan's own entry away. */
const typedCell = z.object({ plan: planKey, feature: featureKey, text: z.string().max(10_000) });
export type TypedCell = z.infer<typeof typedCell>;

const unread = "The cells cannot be read. Reload the page, then edit them again.";

/** What the grid sends: cells as JSON. */
export const gridEditForm = z.object({
  cells: z.string(unread).transform((text, ctx): TypedCell[] => {
    try {
      const read = shortList(typedCell, { min: 1, max: maxDraftCells }).safeParse(JSON.parse(text));
      if (read.success) return read.data;
    } catch {
      // Answered below.
    }
    ctx.addIssue({ code: "custom", message: `${unread} Up to ${maxDraftCells} cells are edited at once.` });
    return z.NEVER;
  }),
});

const yes = new Set(["on", "yes", "true", "1", "x", "✓", "✔"]);
const no = new Set(["", "-", "–", "off", "no", "false", "none", "not given"]);

/** Typed cells as values, or why one of them is none. */
export function readTypedCells(typed: readonly TypedCell[], { features }: Pick<Catalogue, "features">): Omit<Cell, "was">[] | string {
  const cells: Omit<Cell, "was">[] = [];
  for (const { plan, feature: key, text } of typed) {
    const feature = features.get(key);
    if (!feature) return `There is no feature ${key}. Reload the page.`;
    const read = readTyped(feature, text.trim());
    if (typeof read === "string") return `${feature.name}: ${read}`;
    cells.push({ plan, feature: key, value: read.value });
  }
  return cells;
}

function readTyped(feature: Feature, text: string): { value: Cell["value"] } | string {
  const word = text.toLowerCase();
  if (feature.type === "boolean") {
    if (yes.has(word)) return { value: true };
    return no.has(word) || word === "0" ? { value: null } : "give on or off.";
  }
  if (text === "" || text === "–" || text === "-") return { value: null };
  // As the grid shows it: 1,000 calls.
  const unit = feature.type === "metered" && feature.meter.unit !== null ? ` ${feature.meter.unit.toLowerCase()}` : null;
  const read = readValue(feature, unit !== null && word.endsWith(unit) ? text.slice(0, -unit.length) : text);
  return read.ok ? { value: read.value } : read.message;
}

/** Acts on a draft's page. `version`: of the draft that is shown. */
const draftActs = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("review") }),
  z.object({ intent: z.literal("publish"), version: z.coerce.number().int().min(0), note: note.optional() }),
  z.object({
    intent: z.literal("schedule"),
    version: z.coerce.number().int().min(0),
    note: note.optional(),
    at: localTime,
    zone: formZone,
  }),
  z.object({ intent: z.literal("cancel") }),
  z.object({ intent: z.literal("rename"), name: z.string("Give a name.").trim().min(1, "Give a name.").max(maxDraftName) }),
  z.object({
    intent: z.literal("discard"),
    version: z.coerce.number().int().min(0).optional(),
    confirmed: z.literal("on").optional(),
  }),
  z.object({ intent: z.enum(["mine", "theirs"]), plan: planKey, feature: featureKey }),
]);
const readAt = inZone("at");
export const draftForm = draftActs.transform((form, context) => {
  if (form.intent !== "schedule") return form;
  const read = readAt(form, context);
  if (form.at === undefined) context.addIssue({ code: "custom", path: ["at"], message: "Choose the date and time." });
  return { ...read, intent: form.intent, version: form.version, note: form.note, at: read.at ?? 0 };
});

export const readDraftPage = (params: URLSearchParams) => {
  const page = Number(params.get("page") ?? 1);
  return { page: Number.isSafeInteger(page) && page > 0 ? page : 1, impact: params.get("impact") ?? undefined };
};
