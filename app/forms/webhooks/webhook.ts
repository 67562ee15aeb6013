import { z } from "zod";
import { type WebhookEventType, webhookEventNames, webhookKinds } from "~/core/webhooks/event-types";
import { isWebAddress } from "~/forms/web-address";

export const maxWebhookUrl = 2_000;

/** Where deliveries are sent. Whether its host may be reached is checked at each delivery. */
export const webhookUrl = z
  .string("Enter the address that receives the events.")
  .trim()
  .min(1, "Enter the address that receives the events.")
  .max(maxWebhookUrl, `An address has up to ${maxWebhookUrl.toLocaleString("en")} characters.`)
  .superRefine((text, context) => {
    const message = urlProblem(text);
    if (message) context.addIssue({ code: "custom", message });
  })
  .transform((text) => (URL.canParse(text) ? new URL(text).href : text))
  .refine((href) => href.length <= maxWebhookUrl, `An address has up to ${maxWebhookUrl.toLocaleString("en")} characters.`);

function urlProblem(text: string): string | null {
  if (!isWebAddress(text)) return "Enter a full address, such as https://example.com/webhooks/latchkey.";
  const { username, password, hash } = new URL(text);
  if (username !== "" || password !== "") return "Leave the user name and password out of the address. Deliveries are signed.";
  return hash === "" ? null : "Leave out the part after #. It is not sent.";
}

const isEventName = (name: string): name is WebhookEventType => (webhookEventNames as string[]).includes(name);
// The list as a whole is refused, because the form has one place for its errors.
const events = z
  .array(z.string())
  .min(1, "Choose at least one event.")
  .refine((names) => names.every(isEventName), "Choose events from the list.")
  .transform((names) => webhookEventNames.filter((name) => names.includes(name)));

export const newWebhookForm = z.object({ url: webhookUrl, kind: z.enum(webhookKinds, "Choose what is sent."), events });
export const webhookForm = z.object({ url: webhookUrl, events });

export const secretOverlaps = ["0", "1", "24", "168"] as const;
export const rotateSecretForm = z.object({ overlap: z.enum(secretOverlaps, "Choose how long the old secret signs too.") });

/** Buttons of an endpoint's page. */
export const webhookActForm = z.object({ intent: z.enum(["test", "disable", "enable", "remove"], "Choose what to do.") });
/** Buttons of a delivery's page. */
export const deliveryActForm = z.object({ intent: z.enum(["again", "skip"], "Choose what to do.") });
