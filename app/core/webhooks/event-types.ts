/** What webhooks can send, with a sentence for the form that chooses. */
export const webhookEventTypes = {
  "grant.created": "A trial or an override was given.",
  "grant.extended": "A trial or an override was extended.",
  "grant.ends_soon": "A trial or an override ends within the days that the notice rules name.",
  "grant.ended": "A trial or an override ended, early or at its end.",
  "grant.converted": "A plan or an add-on gives what was on trial.",
  "tenant.created": "A tenant was created.",
  "tenant.plan_changed": "A tenant's plan or add-ons changed.",
  "tenant.status_changed": "A tenant was suspended, reinstated or archived.",
  "limit.warning": "A tenant has used 80 % of a limit.",
  "limit.reached": "A tenant has used all of a limit.",
  "feature.in_demand": "A feature was refused more often in a day than the notice rules name.",
  "request.created": "An app or a person asks for something.",
  "catalogue.published": "Plans or features changed.",
} as const;

export type WebhookEventType = keyof typeof webhookEventTypes;
export const webhookEventNames = Object.keys(webhookEventTypes) as WebhookEventType[];

/** Sent by the button that tests an endpoint. Endpoints do not subscribe to it. */
export const testEventType = "webhook.test";
export type SentEventType = WebhookEventType | typeof testEventType;

export const webhookKinds = ["standard", "slack"] as const;
/** `standard`: signed JSON by Standard Webhooks. `slack`: `{"text": …}`, unsigned. */
export type WebhookKind = (typeof webhookKinds)[number];
