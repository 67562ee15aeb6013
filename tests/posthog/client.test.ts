import { expect, test } from "vitest";
import { readEnv } from "~/server/env.server";
import { createClient } from "~/server/posthog/client.server";
import type { PosthogSettings } from "~/server/posthog/settings.server";

test("settings that the SDK takes for “switched off” are refused: it would drop everything in silence", () => {
  const settings = readEnv({ POSTHOG_PROJECT_API_KEY: "phc_x", POSTHOG_HOST: "http://127.0.0.1:9" }).posthog as PosthogSettings;
  const definitions = { isFromKept: () => false } as Parameters<typeof createClient>[1];
  const trouble = { lasts: () => {}, isOver: () => {} } as unknown as Parameters<typeof createClient>[2];
  expect(() => createClient({ ...settings, projectKey: " " }, definitions, trouble)).toThrow("took the settings as disabled");
  expect(createClient(settings, definitions, trouble).isDisabled).toBe(false);
});
