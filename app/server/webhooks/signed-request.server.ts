import { randomBytes } from "node:crypto";
import { Webhook } from "standardwebhooks";
import type { Instant } from "~/core/model";
import { eventSentence, slackText } from "~/core/webhooks/event-sentence";
import { webhookBody } from "~/core/webhooks/hook-event";
import { paths } from "~/paths";
import type { StoredEvent } from "~db/store/webhook-deliveries.server";
import type { WebhookEndpoint } from "~db/store/webhook-endpoints.server";

/** 256 bits. The prefix is of Standard Webhooks. */
export const newWebhookSecret = () => `whsec_${randomBytes(32).toString("base64")}`;

/** Headers without the signature, for the delivery log, and the body. */
export type WebhookRequest = { headers: Record<string, string>; shownHeaders: Record<string, string>; body: string };

/** What is sent now. During a rotation it has a signature by each secret. */
export function webhookRequest(endpoint: WebhookEndpoint, event: StoredEvent, now: Instant, publicUrl: string | null): WebhookRequest {
  const shownHeaders: Record<string, string> = { "content-type": "application/json", "user-agent": "Latchkey" };
  if (endpoint.kind === "slack") {
    const body = JSON.stringify({ text: slackLine(event, publicUrl) });
    return { headers: shownHeaders, shownHeaders, body };
  }
  const body = webhookBody(event);
  // Standard Webhooks signs whole seconds.
  const seconds = Math.floor(now / 1_000);
  shownHeaders["webhook-id"] = event.id;
  shownHeaders["webhook-timestamp"] = String(seconds);
  const signatures = secretsOf(endpoint, now).map((secret) => new Webhook(secret).sign(event.id, new Date(seconds * 1_000), body));
  return { headers: { ...shownHeaders, "webhook-signature": signatures.join(" ") }, shownHeaders, body };
}

function secretsOf({ secret, oldSecret, oldSecretEndsAt }: WebhookEndpoint, now: Instant): string[] {
  const isOldValid = oldSecret !== null && oldSecretEndsAt !== null && now < oldSecretEndsAt;
  return [secret, isOldValid ? oldSecret : null].filter((one): one is string => one !== null);
}

function slackLine(event: StoredEvent, publicUrl: string | null): string {
  const text = slackText(eventSentence(event));
  return publicUrl !== null && event.tenant !== null ? `${text} <${publicUrl}${paths.tenant(event.tenant)}|Open the tenant>` : text;
}
