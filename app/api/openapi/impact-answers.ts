import { z } from "zod";
import { tenantEffects } from "~/core/impact/impact-result";
import { jobAnswer, jobDone, jobQueued } from "./job-answers";

const next = z.string().nullable().describe("The cursor of the next page; null: this is the last one.");

export const impactAnswer = z
  .object({
    ...jobAnswer.pick({ id: true, summary: true, state: true, problem: true, total: true, createdBy: true, createdAt: true }).shape,
    looked: z.int().describe("Tenants that were looked at so far."),
    gains: z.int().describe("Tenants that gain a feature, so far."),
    loses: z.int().describe("Tenants that lose one."),
    changes: z.int().describe("Tenants that get another value or limit."),
    over: z.int().describe("Tenants that have used more in the current period than their new limit."),
  })
  .meta({ id: "Impact" });

export const impactTenantPage = z
  .object({
    items: z.array(
      z.object({
        tenant: z.string(),
        effect: z.enum(tenantEffects),
        checks: z.int().describe("Checks of these features in the last 30 days."),
        features: z.int().describe("How many features have this effect."),
        named: z
          .array(
            z.object({
              feature: z.string(),
              was: z.string().nullable().describe("As a text for people; null: not given."),
              is: z.string().nullable(),
              checks: z.int(),
              used: z.int().optional().describe("Used in the current period, if a limit falls."),
            }),
          )
          .describe("Up to 8 of them, the most used first."),
      }),
    ),
    next,
  })
  .meta({ id: "ImpactTenantPage" });

export const impactExample = {
  id: "imp_v4LqXr2T9bYc0mPq1ZkWd3",
  summary: "Change Single sign-on in Premium",
  state: "done",
  problem: null,
  total: 2,
  createdBy: jobDone.createdBy,
  createdAt: jobDone.createdAt,
  looked: 2,
  gains: 0,
  loses: 1,
  changes: 0,
  over: 0,
} satisfies z.output<typeof impactAnswer>;

/** The job as it is answered at once. */
export const impactQueued = {
  ...jobQueued,
  id: impactExample.id,
  kind: "impact",
  act: null,
  summary: impactExample.summary,
  dryRun: true,
  total: null,
  note: null,
} satisfies z.output<typeof jobAnswer>;

export const impactTenantsExample = {
  items: [
    {
      tenant: "acme",
      effect: "loses",
      checks: 41,
      features: 1,
      named: [{ feature: "sso", was: "on", is: null, checks: 41 }],
    },
  ],
  next: null,
} satisfies z.output<typeof impactTenantPage>;
