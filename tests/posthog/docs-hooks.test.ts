import { readFileSync } from "node:fs";
import ts from "typescript";
import { afterEach, expect, test } from "vitest";
import type { PosthogHooks } from "~/server/posthog/events/hooks.server";
import { adaSignsIn, addAda } from "../support/ada";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

/** Every TypeScript block of the page, as the hooks that it exports. */
const examples = [...readFileSync(new URL("../../docs/posthog.md", import.meta.url), "utf8").matchAll(/^```ts\n(.*?)^```/gms)].map(
  ([, code = ""]) => {
    const { outputText } = ts.transpileModule(code, { compilerOptions: { module: ts.ModuleKind.CommonJS } });
    const exports: { posthogHooks?: PosthogHooks } = {};
    new Function("exports", outputText)(exports);
    return exports.posthogHooks as PosthogHooks;
  },
);

let app: PosthogApp;
afterEach(() => app.close());

test("with the hooks that the page prints, an admin's address reaches PostHog in no event, neither as a tag nor as a property", async () => {
  expect(examples).toHaveLength(1);
  app = await startPosthogApp({ posthogHooks: examples[0] });
  await addAda(app.services);
  const browser = app.browser();
  await browser.get("/sign-in");
  expect((await browser.post("/sign-in", adaSignsIn)).status).toBe(302);
  await browser.get("/");
  const [signedIn] = await app.captured("user_logged_in");
  expect(signedIn?.properties?.$set).toEqual({ name: expect.any(String), role: expect.any(String) });
  expect(JSON.stringify(await app.captured())).not.toContain(adaSignsIn.email);
});
