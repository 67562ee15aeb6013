import { z } from "zod";
import type { FileFeature, FileGrant } from "~/core/catalogue/catalogue-file";
import {
  type ConfigSettings,
  flagRules,
  type Json,
  keyPattern,
  type MeterSettings,
  resetPeriods,
  tenantKeyPattern,
  tenantStatuses,
  type Value,
  whenUnknownChoices,
} from "~/core/model";
import { askUrl } from "~/forms/catalogue/ask-url";
import { isoInstant } from "~/forms/instants";
import { maxMetadataBytes } from "~/forms/tenants/tenant";
import { fields, toJson } from "./file-schema";

const key = z.string().regex(keyPattern, "is not a key: a letter or digit, then up to 99 letters, digits, dots, hyphens, underscores");
const tenantKey = z.string().regex(tenantKeyPattern, "is not a tenant's key: 1 to 200 characters, none of them a control character");
const name = z
  .string()
  .min(1, "must not be empty")
  .max(200, "has to be 200 characters or less")
  .regex(/^[^\p{Cc}]*$/u, "has to be one line of text");
const longText = z.string().max(10_000, "has to be 10,000 characters or less");
const value = z.unknown().transform((tree, ctx) => toJson(tree, ctx) as Value);

const exactTime = "has to be a time with its zone, such as 2026-12-04T10:00:00Z, between the years 1970 and 9999";
const instant = z
  .string()
  .refine((text) => isoInstant.safeParse(text).success, exactTime)
  .transform((text) => Date.parse(text));
const archived = z.union([z.boolean(), instant], { error: "has to be true, false, or the time since when, such as 2026-12-04T10:00:00Z" });

const wholeNumber = z.int().min(0, "has to be 0 or more").max(1_000_000, "has to be 1,000,000 or less");

const optionList = z.array(z.string().min(1, "must not be empty")).superRefine((list, ctx) => {
  const known = new Set<string>();
  for (const [i, option] of list.entries()) {
    if (known.has(option)) ctx.addIssue({ code: "custom", path: [i], message: `${option} stands twice in the options` });
    known.add(option);
  }
});
const config = fields({
  kind: z.enum(["number", "text", "json"]),
  better: z.enum(["higher", "lower"]).optional(),
  options: optionList.optional(),
}).transform(({ kind, better, options }, ctx): ConfigSettings => {
  if (better && kind !== "number") ctx.addIssue({ code: "custom", path: ["better"], message: "is for numbers only: take it out" });
  if (options && kind !== "text") ctx.addIssue({ code: "custom", path: ["options"], message: "are for text only: take them out" });
  if (kind === "number") return { kind, better: better ?? "higher" };
  return kind === "text" ? { kind, options: options ?? [] } : { kind };
});
const meter = fields({
  resetPeriod: z.enum(resetPeriods),
  soft: z.boolean().default(false),
  unit: z.string().min(1, "must not be empty").max(50, "has to be 50 characters or less").nullable().default(null),
});
const flag = fields({
  key: z.string().min(1, "must not be empty").max(400, "has to be 400 characters or less"),
  rule: z.enum(flagRules),
  whenUnknown: z.enum(whenUnknownChoices).default("last"),
});

const wholeFeature = fields({
  name: name.nullish(),
  description: longText.nullish(),
  group: name.nullish(),
  askUrl: askUrl.nullish(),
  type: z.enum(["boolean", "config", "metered"]).optional(),
  config: config.optional(),
  meter: meter.optional(),
  flag: flag.nullish(),
  archived: archived.default(false),
}).transform((f, ctx): FileFeature => {
  const bad = (path: string, message: string) => ctx.addIssue({ code: "custom", path: [path], message });
  const type = f.type ?? (f.config ? "config" : f.meter ? "metered" : "boolean");
  if (f.config && type !== "config") bad("config", `is for type config, and this feature is ${type}: take one of them out`);
  if (f.meter && type !== "metered") bad("meter", `is for type metered, and this feature is ${type}: take one of them out`);
  // The name defaults to the key, which is not available here.
  const common = {
    name: f.name ?? "",
    description: f.description ?? null,
    group: f.group ?? null,
    ...(f.askUrl ? { askUrl: f.askUrl } : {}),
    flag: f.flag ?? null,
    archived: f.archived,
  };
  if (type === "config") {
    if (!f.config) bad("type", "config needs the field config as well, such as config: { kind: number, better: higher }");
    return { ...common, type, config: f.config ?? { kind: "json" } };
  }
  if (type === "metered") {
    if (!f.meter) bad("type", "metered needs the field meter as well, such as meter: { resetPeriod: month }");
    return { ...common, type, meter: f.meter ?? ({ resetPeriod: "never", soft: false, unit: null } satisfies MeterSettings) };
  }
  return { ...common, type };
});

/** A string is the name of a boolean feature; null is a boolean feature named by its key. */
const spelledOut = (input: unknown) => (typeof input === "string" ? new Map([["name", input]]) : (input ?? new Map()));
const feature = z.preprocess(spelledOut, wholeFeature);

/** A list of keys, or a map from keys to values. */
const entries = z
  .unknown()
  .optional()
  .transform((tree, ctx): Map<string, Value> => {
    const given = new Map<string, Value>();
    if (tree === undefined || tree === null) return given;
    if (tree instanceof Map) {
      for (const [feature, gives] of tree as Map<string, unknown>) given.set(feature, toJson(gives, ctx, [feature]) as Json);
    } else if (Array.isArray(tree)) {
      for (const [i, feature] of tree.entries()) {
        const isText = typeof feature === "string";
        if (!isText)
          ctx.addIssue({
            code: "custom",
            path: [i],
            message: "has to be the key of a boolean feature. To give values, write a map: { seats: 10 }",
          });
        else if (given.has(feature)) ctx.addIssue({ code: "custom", path: [i], message: `${feature} stands twice in this list` });
        else given.set(feature, true);
      }
    } else ctx.addIssue({ code: "custom", message: "has to be a list of keys, or a map such as { sso: true, seats: 10 }" });
    return given;
  });

const plan = z.preprocess(
  (input) => input ?? new Map(),
  fields({
    name: name.nullish(),
    description: longText.nullish(),
    rank: wholeNumber.optional(),
    includes: key.nullish(),
    features: entries,
    archived: archived.default(false),
  }),
);

const grant = fields({
  trial: key.optional(),
  allow: key.optional(),
  deny: key.optional(),
  value: value.optional(),
  startsAt: instant.optional(),
  endsAt: instant.nullish(),
  note: z.string().max(1_000, "has to be 1,000 characters or less").nullish(),
}).transform((g, ctx): FileGrant => {
  const bad = (path: string[], message: string) => ctx.addIssue({ code: "custom", path, message });
  const { startsAt, note } = g;
  const feature = g.trial ?? g.allow ?? g.deny ?? "";
  if ([g.trial, g.allow, g.deny].filter((f) => f !== undefined).length !== 1) {
    bad([], "needs exactly one of trial, allow and deny, with the feature's key");
  }
  const common = { feature, ...(startsAt === undefined ? {} : { startsAt }), ...(note === undefined ? {} : { note }) };
  const given = g.value === undefined ? {} : { value: g.value };
  if (g.trial !== undefined) {
    if (typeof g.endsAt !== "number") bad(g.endsAt === undefined ? [] : ["endsAt"], "a trial needs endsAt: the time when it ends");
    return { ...common, kind: "trial", ...given, endsAt: g.endsAt ?? 0 };
  }
  if (g.deny !== undefined && g.value !== undefined) bad(["value"], "does not belong to a denial: take it out");
  return { ...common, kind: "override", effect: g.deny === undefined ? "allow" : "deny", ...given, endsAt: g.endsAt ?? null };
});

const metadata = z
  .instanceof(Map, { error: "has to be a map (key: value)" })
  .transform((map, ctx) => toJson(map, ctx) as { [key: string]: Json })
  .refine((m) => Object.keys(m).every((k) => k.length >= 1 && k.length <= 100), "has keys of 1 to 100 characters")
  .refine((m) => JSON.stringify(m).length <= maxMetadataBytes, `has to be ${maxMetadataBytes} characters of JSON or less`);

const tenant = z.preprocess(
  (input) => input ?? new Map(),
  fields({
    name: name.nullish(),
    plan: key.nullish(),
    addOns: z.array(key).nullish(),
    status: z.enum(tenantStatuses).nullish(),
    metadata: metadata.nullish(),
    grants: z.array(grant).nullish(),
  }),
);

export const wholeFile = fields({
  latchkey: z.literal(1),
  features: z.map(key, feature).optional(),
  plans: z.map(key, plan).optional(),
  addOns: z.map(key, plan).nullish(),
  tenants: z.map(tenantKey, tenant).nullish(),
});
