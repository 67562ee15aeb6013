import { z } from "zod";
import { resetPeriods } from "~/core/model";
import { instantField, limitField } from "./answer-fields";

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last.");
const percent = z.number().nullable().describe("Of the limit, rounded down to hundredths; null: there is no limit.");
const projected = z.int().nullable().describe("At the period's end if use goes on as since its start; null: that says nothing.");
const dueBy = instantField.nullable().describe("Checks and changes up to here are contained; null: all are.");

/** What the summary of a tenant has beside consumption and checks. */
export const summaryParts = {
  consumption: {
    percent,
    projected,
    history: z
      .array(z.object({ start: instantField.nullable().describe("Null: it never resets."), used: z.int() }))
      .describe("The last 12 periods, oldest first; the last is the present one."),
  },
  checks: {
    previous: z.int().describe("Checks in as many days before."),
    sources: z.array(z.object({ source: z.string(), allowed: z.boolean(), count: z.int() })).describe("By deciding source and outcome."),
  },
  trials: z
    .array(
      z.object({
        id: z.string(),
        feature: z.string(),
        from: z.iso.date(),
        to: z.iso.date(),
        checks: z.int(),
        added: z.int().nullable().describe("Units of a metered feature; null for others."),
      }),
    )
    .describe("Use on the UTC days of each trial of the last 366 days, the newest 50."),
  notAsked: z.array(z.string()).describe("Features of the plan and add-ons that no check named in these days."),
};

export const usageListPage = z
  .object({
    items: z.array(
      z.object({
        tenant: z.string(),
        name: z.string(),
        plan: z.string().nullable(),
        feature: z.string(),
        unit: z.string().nullable(),
        used: z.int(),
        limit: limitField.nullable().describe("Null: the tenant does not have the feature."),
        percent,
        previous: z.int().nullable().describe("In the period before; null: it never resets."),
        projected,
        resetPeriod: z.enum(resetPeriods),
        resetsAt: instantField.nullable(),
      }),
    ),
    next,
    staleSince: dueBy,
  })
  .meta({ id: "UsageList" });

export const demandList = z
  .object({
    from: z.iso.date(),
    items: z.array(
      z.object({
        feature: z.string(),
        refusals: z.int(),
        previous: z.int().describe("In as many days before."),
        tenants: z.int(),
        plans: z
          .array(z.object({ plan: z.string().nullable(), tenants: z.int() }))
          .describe("The plans of these tenants; null: without one."),
        lowestPlan: z.string().nullable().describe("The lowest plan that allows it to most of them; null: there is none."),
      }),
    ),
    next,
    staleSince: dueBy,
  })
  .meta({ id: "DemandList" });
