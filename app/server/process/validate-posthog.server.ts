import type { Logger } from "pino";
import type { Instant } from "~/core/model";
import { isoTime } from "~/core/time";
import { EnvProblem } from "~/server/env.server";
import { type BatchEvent, sendBatch } from "~/server/posthog/events/send-batch.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";

/** How long startup waits for PostHog, in ms. */
const timeoutMs = 5_000;

type Needs = { now: () => Instant; uuid: () => string; log: Logger; timeout?: number };

/**
 * POSTHOG_VALIDATE_ON_STARTUP sends one event and checks that PostHog accepted it. With POSTHOG_ERROR_MODE=raise a
 * failure ends startup with a message for the operator, `log` logs it, `ignore` does nothing.
 */
export async function validateOnStartup(settings: PosthogSettings | null, { now, uuid, log, timeout = timeoutMs }: Needs): Promise<void> {
  if (!settings?.validate) return;
  const { event, distinctId } = settings.validate;
  const probe: BatchEvent = {
    event,
    distinct_id: distinctId,
    uuid: uuid(),
    timestamp: isoTime(now()),
    properties: {
      $lib: "latchkey",
      // A process is not a person.
      $process_person_profile: false,
      ...(settings.disableGeoip ? { $geoip_disable: true } : {}),
    },
  };
  const answer = await sendBatch(settings, [probe], timeout);
  if (answer.ok) return log.debug({ event }, "PostHog took the event of the start");
  const sentence = `The event that proves at start that PostHog listens did not arrive. ${answer.why}`;
  if (settings.errorMode === "raise")
    throw new EnvProblem(`${sentence} Start without this proof: POSTHOG_VALIDATE_ON_STARTUP=false, or POSTHOG_ERROR_MODE=log.`);
  if (settings.errorMode === "log") log.warn(sentence);
}
