import { type FakePosthog, startFakePosthog } from "../fake-posthog/start";
import type { CapturedEvent } from "../fake-posthog/wire";
import { startTestApp, type TestApp, type TestAppOptions } from "./app";

export type PosthogApp = TestApp & {
  fake: FakePosthog;
  posthog: NonNullable<TestApp["services"]["posthog"]>;
  /** Captured events so far, all or by name. */
  captured: (event?: string) => Promise<CapturedEvent[]>;
};

/** The whole program with a PostHog stand-in on loopback. */
export async function startPosthogApp(options: TestAppOptions = {}): Promise<PosthogApp> {
  const fake = await startFakePosthog();
  const env = { POSTHOG_PROJECT_API_KEY: fake.state.projectKey, POSTHOG_HOST: fake.origin, ...options.env };
  const app = await startTestApp({ ...options, env });
  const { posthog } = app.services;
  const { close } = app;
  if (posthog === null) throw new Error("PostHog is off");
  return Object.assign(app, {
    fake,
    posthog,
    captured: async (event?: string) => {
      await posthog.tenantEvents.settle();
      await posthog.client.flush();
      return fake.state.events.filter((e) => event === undefined || e.event === event);
    },
    close: async () => {
      await close();
      await fake.close();
    },
  });
}
