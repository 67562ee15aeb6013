import { z } from "zod";
import type { FeatureKind } from "~/core/catalogue/feature-changes";
import { countsChoices, type FlagLink, featureTypes, flagRules, resetPeriods, whenUnknownChoices } from "~/core/model";
import { note } from "~/forms/tenants/tenant";
import { askUrl } from "./ask-url";
import { displayName, expected, longText, newKey, reviewed } from "./plan";

export const configKinds = ["number", "text", "json"] as const;
export const limitKinds = ["hard", "soft"] as const;

const short = (what: string, most: number) =>
  z
    .string()
    .trim()
    .max(most, `${what} has up to ${most} characters.`)
    .regex(/^[^\p{Cc}]*$/u, `${what} is one line of text.`);

/** One per line, best last. Empty lines are ignored. */
const options = z
  .string()
  .max(20_000, "Options take up to 20,000 characters.")
  .optional()
  .transform((text, ctx): string[] => {
    const list = (text ?? "").split(/\r?\n/).flatMap((line) => line.trim() || []);
    const twice = list.find((option, i) => list.indexOf(option) < i);
    if (twice !== undefined) ctx.addIssue({ code: "custom", message: `${twice} stands twice. Keep one.` });
    return list;
  });

const cleared = <T>(value: T | undefined): T | null => value ?? null;

/** Settings of all types together, because a page without JavaScript cannot toggle them. */
const settings = {
  kind: z.enum(configKinds).default("number"),
  better: z.enum(["higher", "lower"]).default("higher"),
  options,
  resetPeriod: z.enum(resetPeriods).default("month"),
  limit: z.enum(limitKinds).default("hard"),
  unit: short("A unit", 50).optional().transform(cleared),
};

const shared = {
  name: displayName,
  description: longText.optional().transform(cleared),
  group: short("A group", 200).optional().transform(cleared),
  askUrl: askUrl.optional().transform(cleared),
  flagKey: short("A flag's key", 400).optional(),
  flagRule: z.enum(flagRules).default("grant"),
  whenUnknown: z.enum(whenUnknownChoices).default("last"),
  why: note.optional(),
  ...settings,
};

type Settings = z.infer<z.ZodObject<typeof settings>>;
type Shared = z.infer<z.ZodObject<typeof shared>>;

function kindOf(type: FeatureKind["type"], s: Settings): FeatureKind {
  if (type === "boolean") return { type };
  if (type === "metered") return { type, meter: { resetPeriod: s.resetPeriod, soft: s.limit === "soft", unit: s.unit } };
  if (s.kind === "number") return { type, config: { kind: s.kind, better: s.better } };
  return { type, config: s.kind === "text" ? { kind: s.kind, options: s.options } : { kind: s.kind } };
}

function formOf({ name, description, group, askUrl, flagKey, flagRule, whenUnknown, why }: Shared) {
  const flag: FlagLink | null = flagKey ? { key: flagKey, rule: flagRule, whenUnknown } : null;
  return { name, description, group, askUrl, flag, why };
}

export const newFeatureForm = z
  .object({ ...shared, key: newKey, type: z.enum(featureTypes, "Choose a type.") })
  .transform((form) => ({ key: form.key, feature: { ...formOf(form), ...kindOf(form.type, form) } }));

const actOnFeature = z.object({ intent: z.enum(["archive", "restore"]), why: note.optional() });

/** A feature's page has several forms. The type cannot change. */
export const featurePageForm = (type: FeatureKind["type"]) =>
  z.discriminatedUnion(
    "intent",
    [
      z
        .object({ ...shared, counts: z.enum(countsChoices).default("zero"), intent: z.literal("save"), expected, reviewed })
        .transform((form) => ({
          intent: form.intent,
          expected: form.expected,
          reviewed: form.reviewed,
          why: form.why,
          feature: { ...formOf(form), ...kindOf(type, form), counts: form.counts },
        })),
      actOnFeature,
    ],
    "Use a button of the page.",
  );
