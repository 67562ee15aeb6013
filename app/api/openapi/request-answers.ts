import { z } from "zod";
import { requestKinds, requestStates } from "~/core/requests/request";
import { instantField } from "./answer-fields";

const act = z
  .looseObject({
    act: z
      .string()
      .describe(
        "`try_feature`, `grant_trial`, `extend_trial`, `end_trial`, `set_override`, `bulk` and `import_tenants` for many tenants, or `create_key` and `rotate_key` for an API key; more may come.",
      ),
  })
  .describe("What is asked for. Instants within it are in ms. `bulk` has the number of its tenants, not their keys.");

export const requestAnswer = z
  .object({
    id: z.string(),
    kind: z
      .enum(requestKinds)
      .describe(
        "`feature`: an app asked for a user. `trial`: a person asked for what a guard rail does not allow. `approval`: an act that needs a second person.",
      ),
    state: z.enum(requestStates),
    tenant: z.string().describe("The tenant's key; empty for many tenants and API keys."),
    summary: z.string().describe("What is asked for, as a sentence for people."),
    act,
    user: z.string().nullable().describe("Who asked, as the app sent it."),
    note: z.string().nullable(),
    reason: z.string().nullable().describe("Why guard rails may be passed, if it is not the note."),
    createdBy: z.string().describe("The name of the API key, or of the person."),
    createdAt: instantField,
    lapsesAt: instantField,
    answer: z.string().nullable().describe("The note of the decision."),
    decidedBy: z.string().nullable(),
    decidedAt: instantField.nullable(),
  })
  .meta({ id: "Request" });
export const requestPage = z
  .object({
    items: z.array(requestAnswer),
    next: z.string().nullable().describe("The cursor of the next page; null: this is the last one."),
  })
  .meta({ id: "RequestPage" });

export const requestWaiting = {
  ...{ id: "rq_7C40sM21RW1pjgTWQWxE", kind: "feature", state: "waiting", tenant: "acme" },
  ...{ summary: "Trial of Single sign-on", act: { act: "try_feature", feature: "sso" } },
  ...{ user: "dana@acme.example", note: "Our security team needs it.", reason: null, createdBy: "Web app" },
  ...{ createdAt: "2026-11-20T10:00:00.000Z", lapsesAt: "2026-12-04T10:00:00.000Z" },
  ...{ answer: null, decidedBy: null, decidedAt: null },
} satisfies z.output<typeof requestAnswer>;
export const requestGranted = {
  ...requestWaiting,
  ...{ state: "granted" as const, answer: "Have fun.", decidedBy: "Ada", decidedAt: "2026-11-20T11:00:00.000Z" },
} satisfies z.output<typeof requestAnswer>;
export const requestWithdrawn = {
  ...requestWaiting,
  ...{ state: "withdrawn" as const, decidedBy: "Web app", decidedAt: "2026-11-20T11:00:00.000Z" },
} satisfies z.output<typeof requestAnswer>;
