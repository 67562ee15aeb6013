import type { Posthog } from "~/server/posthog/posthog.server";
import type { Services } from "~/server/services.server";
import type { Problem } from "./http/problem.server";

const off: Problem = {
  status: 409,
  code: "posthog_off",
  detail: "PostHog is off. Whoever runs this Latchkey sets POSTHOG_PROJECT_API_KEY and starts it again.",
};

export const posthogOff = { problem: off };

/** Null if PostHog is on. */
export const whyOff = ({ posthog }: Pick<Services, "posthog">): Problem | null => (posthog ? null : off);

/** Call after `whyOff`. */
export const posthogOf = ({ posthog }: Pick<Services, "posthog">): Posthog => posthog as Posthog;
