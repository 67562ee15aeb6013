import type { WebhookEventType } from "~/core/webhooks/event-types";

/** What people can be notified of in the app, with the words of the form that chooses. */
export const noticeKinds = {
  trial_ends_soon: { label: "A trial ends soon", hint: "As many days before as you choose below." },
  trial_ended: { label: "A trial ended", hint: "At its end, or early." },
  trial_converted: { label: "A trial converted", hint: "A plan or an add-on gives what was on trial." },
  limit_warning: { label: "A tenant used 80 % of a limit", hint: "Once per reset period." },
  limit_reached: { label: "A tenant reached a limit", hint: "Once per reset period." },
  feature_in_demand: { label: "A feature is in demand", hint: "It was refused more often in a day than you choose below." },
  key_expires: { label: "An API key expires", hint: "14 days before." },
  posthog_trouble: { label: "PostHog cannot be reached", hint: "Once per outage." },
  job_failed: { label: "A job failed", hint: "A change of many tenants stopped before its end." },
  request_waiting: {
    label: "A request waits",
    hint: "An app asks for a feature, a person for what they may not do, or an act needs a second person.",
  },
  webhook_disabled: { label: "A webhook was disabled", hint: "It failed for three days, or its receiver is gone." },
} as const;

export type NoticeKind = keyof typeof noticeKinds;
export const noticeKindNames = Object.keys(noticeKinds) as NoticeKind[];

export type NoticeRules = {
  kinds: NoticeKind[];
  /** Days before the end of a grant. Webhooks use them too. */
  endsSoonDays: number;
  /** Refusals of a feature in a UTC day. Webhooks use them too. */
  demandPerDay: number;
};

/** What is on before an admin chooses. */
export const defaultNoticeRules: NoticeRules = {
  kinds: ["limit_reached", "key_expires", "posthog_trouble", "job_failed", "request_waiting", "webhook_disabled"],
  endsSoonDays: 3,
  demandPerDay: 1_000,
};

/** The notice of an event about a tenant or feature. Of grants only trials make one. */
export const noticeOfEvent: { readonly [type in WebhookEventType]?: NoticeKind } = {
  "grant.ends_soon": "trial_ends_soon",
  "grant.ended": "trial_ended",
  "grant.converted": "trial_converted",
  "limit.warning": "limit_warning",
  "limit.reached": "limit_reached",
  "feature.in_demand": "feature_in_demand",
  "request.created": "request_waiting",
};
