import { afterAll, beforeAll, expect, test } from "vitest";
import { paths } from "~/paths";
import { startTestApp, type TestApp } from "./support/app";
import { putAs, seedCatalogue } from "./support/tenant-world";

let app: TestApp;
beforeAll(async () => {
  app = await startTestApp();
  await seedCatalogue(app);
  // Names of three bytes per character, each a byte further on than the last.
  for (let i = 0; i < 30; i++) await putAs(app, `t${i}`, { name: `${"a".repeat(i)}${"漢字".repeat(30)}`, plan: "starter" });
});
afterAll(() => app.close());

test("names whose characters have several bytes arrive as they are, wherever a chunk of the page ends", async () => {
  const admin = await app.signIn("owner");
  const pages = await Promise.all(
    [paths.tenants(), paths.audit(), paths.matrix([]), paths.tenant("t1"), paths.tenants({ q: "漢" })].map(async (to) => {
      const html = await (await admin.get(to)).text();
      return [to, html.includes("漢字漢字"), html.includes("\0"), html.includes("\uFFFD")];
    }),
  );
  expect(pages).toEqual(pages.map(([to]) => [to, true, false, false]));
});
