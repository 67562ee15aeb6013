import { afterEach, expect, test } from "vitest";
import { applyFile, previewFile } from "~/server/catalogue/import.server";
import { ada } from "./support/facts";
import { startServices, type TestServices } from "./support/services";

let s: TestServices;
afterEach(() => s.stop());

const catalogue = "latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans:\n  pro: { features: [sso] }\n";

test("a file of tenants alone is imported and leaves the catalogue as it is", async () => {
  s = await startServices();
  await applyFile(s, { name: "catalogue.yaml", text: catalogue }, ada);
  const { revision } = s.facts.catalogue();
  const file = { name: "tenants.yaml", text: "latchkey: 1\ntenants:\n  acme: { plan: pro, grants: [{ deny: sso }] }\n" };
  expect(await previewFile(s, file)).toMatchObject({
    ok: true,
    diff: { features: { archived: [] }, plans: { archived: [] }, tenants: { added: [{ key: "acme" }] } },
  });
  expect(await applyFile(s, file, ada)).toMatchObject({ ok: true, changed: true });
  expect(s.facts.catalogue().revision).toBe(revision);
  expect((await s.checks.preview("acme", ["sso"])).body.entitlements.sso).toMatchObject({ entitled: false, reason: { code: "override" } });
});

test("a file of tenants alone is refused with the line of a plan or feature that the catalogue lacks", async () => {
  s = await startServices();
  await applyFile(s, { name: "catalogue.yaml", text: catalogue }, ada);
  const refused = async (tenant: string) => {
    const done = await applyFile(s, { name: "t.yaml", text: `latchkey: 1\ntenants:\n  acme: ${tenant}\n` }, ada);
    return done.ok ? null : done.problems;
  };
  expect(await refused("{ plan: gold }")).toMatchObject([{ line: 3 }]);
  expect(await refused("{ grants: [{ allow: none }] }")).toMatchObject([{ line: 3 }]);
});

test("5,000 plans × 2,000 features are refused with a sentence, before anything is worked out", async () => {
  s = await startServices();
  const features = Array.from({ length: 2_000 }, (_, i) => `  f${i}: Feature ${i}\n`).join("");
  const names = Array.from({ length: 2_000 }, (_, i) => `f${i}`).join(", ");
  const plans = Array.from({ length: 5_000 }, (_, i) =>
    i === 0 ? `  p0: { features: [${names}] }\n` : `  p${i}: { includes: p${i - 1} }\n`,
  ).join("");
  const done = await previewFile(s, { name: "f.yaml", text: `latchkey: 1\nfeatures:\n${features}plans:\n${plans}` });
  expect(done).toMatchObject({ ok: false, problems: [{ message: expect.stringContaining("more than 50,000 values together") }] });
});
