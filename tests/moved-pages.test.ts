import { afterAll, beforeAll, expect, test } from "vitest";
import { type Browser, startTestApp, type TestApp } from "./support/app";

let app: TestApp;
let viewer: Browser;
beforeAll(async () => {
  app = await startTestApp();
  viewer = await app.signIn("viewer");
});
afterAll(() => app.close());

test.each([
  ["/audit", "/activity"],
  ["/audit?kind=plan&subject=team", "/activity?kind=plan&subject=team"],
  ["/audit/12", "/activity/12"],
  ["/admins", "/people"],
  ["/admins/invite?x=%2F", "/people/invite?x=%2F"],
])("a link to %s leads to %s", async (from, to) => {
  const answer = await viewer.get(from);
  expect([answer.status, answer.headers.get("location")]).toEqual([301, to]);
});
