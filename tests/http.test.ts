import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "./support/app";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
});
afterAll(() => app.close());

test("a process that is up says so, and that it can work", async () => {
  expect(await (await fetch(`${app.url}/healthz`)).json()).toEqual({ status: "ok" });
  expect(await (await fetch(`${app.url}/readyz`)).json()).toEqual({ status: "ready" });
  const page = await app.browser().get("/nowhere");
  expect(page.status).toBe(404);
  expect(await page.text()).toContain("There is nothing here");
});
