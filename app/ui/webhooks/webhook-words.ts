import type { DeliveryState } from "~/core/webhooks/delivery-states";
import type { WebhookKind } from "~/core/webhooks/event-types";
import type { Tone } from "~/ui/kit/badge";

export const webhookKindWords: Record<WebhookKind, { label: string; hint: string }> = {
  standard: { label: "Signed JSON", hint: "Standard Webhooks, for your own programs." },
  slack: { label: "Slack text", hint: "One sentence as {“text”: …}, for Slack and compatible receivers." },
};

export const endpointLooks = {
  enabled: { tone: "yes", label: "Enabled" },
  failing: { tone: "warn", label: "Failing" },
  disabled: { tone: "no", label: "Disabled" },
} as const satisfies Record<string, { tone: Tone; label: string }>;

export function endpointLook({ state, failures }: { state: string; failures: number }) {
  if (state !== "enabled") return endpointLooks.disabled;
  return failures > 0 ? endpointLooks.failing : endpointLooks.enabled;
}

type Shown = { state: DeliveryState; attempts: number; nextAttemptAt: number | null };

export function deliveryLook({ state, attempts, nextAttemptAt }: Shown): { tone: Tone; label: string } {
  if (state === "delivered") return { tone: "yes", label: "Delivered" };
  if (state === "failed") return { tone: "no", label: "Failed" };
  if (state === "skipped") return { tone: "neutral", label: "Skipped" };
  if (nextAttemptAt === null) return { tone: "neutral", label: "Waits its turn" };
  return attempts > 0 ? { tone: "warn", label: "Retrying" } : { tone: "neutral", label: "Queued" };
}

export const secretOverlapChoices = [
  ["0", "Stops at once"],
  ["1", "Signs for another hour"],
  ["24", "Signs for another day"],
  ["168", "Signs for another week"],
] as const;
