import { z } from "zod";
import { differences } from "~/core/decision/comparison";
import { reasonCodes } from "~/core/decision/decide";
import { featureTypes, resetPeriods, tenantStatuses } from "~/core/model";
import { instantField, jsonField, limitField } from "./answer-fields";

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last.");
const percent = z.number().nullable().describe("Of the limit, rounded down to hundredths; null: there is no limit.");
const projected = z.int().nullable().describe("At the period's end if use goes on as since its start; null: that says nothing.");
const dueBy = instantField.nullable().describe("Checks and changes up to here are contained; null: all are.");

/** What the summary of a tenant has beside consumption and checks. */
const summaryParts = {
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

const sentBy = z.object({ id: z.string(), name: z.string() }).nullable().describe("The API key that sent it; null: not known.");

export const tenantUsageSchema = z
  .object({
    tenant: z.string(),
    from: z.iso.date(),
    to: z.iso.date(),
    checks: z.object({
      allowed: z.int(),
      refused: z.int(),
      days: z.array(z.object({ day: z.iso.date(), allowed: z.int(), refused: z.int() })),
      features: z.array(
        z.object({
          feature: z.string().describe("* counts checks of all features at once."),
          allowed: z.int(),
          refused: z.int(),
          firstAt: instantField,
          lastAt: instantField,
        }),
      ),
      ...summaryParts.checks,
    }),
    consumption: z.array(
      z.object({
        feature: z.string(),
        unit: z.string().nullable(),
        limit: limitField,
        used: z.int(),
        remaining: limitField,
        resetPeriod: z.enum(resetPeriods),
        resetsAt: instantField.nullable(),
        softLimit: z.boolean(),
        setAt: instantField.nullable().describe("The time of the newest `set` of this period; null: there was none."),
        setBy: sentBy,
        ...summaryParts.consumption,
      }),
    ),
    trials: summaryParts.trials,
    notAsked: summaryParts.notAsked,
    events: z
      .array(
        z.object({
          time: instantField,
          recordedAt: instantField,
          action: z.enum(["add", "set", "consume"]),
          quantity: z.int(),
          added: z.int().nullable().describe("Null for a `set`, and for a consumption that was refused."),
          idempotencyKey: z.string().nullable(),
          apiKey: sentBy,
        }),
      )
      .optional()
      .describe("Of the feature that was asked for, newest first."),
  })
  .meta({ id: "TenantUsage" });

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

export const comparedTenantsPage = z
  .object({
    from: z.iso.date(),
    to: z.iso.date(),
    tenants: z.array(
      z.object({
        tenant: z.string(),
        name: z.string(),
        status: z.enum(tenantStatuses),
        plan: z.string().nullable(),
        addOns: z.array(z.string()),
        entitled: z.int().describe("Active features that it has."),
        checks: z.object({
          allowed: z.int(),
          refused: z.int(),
          previous: z.int().describe("In as many days before."),
          days: z.array(z.object({ day: z.iso.date(), allowed: z.int(), refused: z.int() })),
        }),
      }),
    ),
    features: z
      .object({ all: z.int(), different: z.int() })
      .describe("Active features, and those of which the answers or their sources differ."),
    items: z.array(
      z.object({
        feature: z.string(),
        type: z.enum(featureTypes),
        difference: z.enum(differences).describe("answer: another yes, value or limit; source: the same from another source."),
        answers: z
          .array(
            z.object({
              entitled: z.boolean(),
              reason: z.enum(reasonCodes),
              source: z.string().nullable(),
              value: jsonField.optional().describe("Of a config feature that it has."),
              used: z.int().nullable().optional().describe("Of a metered feature, in the present period; null: not known."),
              limit: limitField.nullable().optional().describe("Of a metered feature; null: it does not have it."),
              percent: percent.optional(),
            }),
          )
          .describe("In the order of the tenants."),
      }),
    ),
    next,
  })
  .meta({ id: "ComparedTenants" });
