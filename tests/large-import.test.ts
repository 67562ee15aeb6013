import { afterEach, expect, it } from "vitest";
import { exportCatalogue } from "~/server/catalogue/export.server";
import { applyImport, previewImport, readCatalogueFile } from "~/server/catalogue/import.server";
import { ada } from "./support/facts";
import { startServices, type TestServices } from "./support/services";

let s: TestServices;
afterEach(() => s.stop());

const tenants = Array.from({ length: 1_500 }, (_, i) => `  t${i}: { plan: pro }`).join("\n");
const text = `latchkey: 1\nfeatures:\n  sso: Single sign-on\nplans:\n  pro: { features: [sso] }\ntenants:\n${tenants}\n`;

function readOf(name: string) {
  const read = readCatalogueFile(name, text);
  if (!read.ok) throw new Error(JSON.stringify(read));
  return read;
}

/** How often the event loop came round while this was done. */
async function turns(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  let isDone = false;
  const turn = () => {
    count += 1;
    if (!isDone) setImmediate(turn);
  };
  setImmediate(turn);
  await work();
  isDone = true;
  return count;
}

it("lets others be answered while many tenants are read and written", async () => {
  s = await startServices();
  const read = readOf("many.yaml");
  expect(await turns(() => previewImport(s, read))).toBeGreaterThanOrEqual(2);
  expect(await turns(() => applyImport(s, read, ada))).toBeGreaterThanOrEqual(2);
  expect(await turns(() => applyImport(s, read, ada))).toBeGreaterThanOrEqual(2);
  expect(await turns(() => exportCatalogue(s, { tenants: true, format: "json" }))).toBeGreaterThanOrEqual(2);
});

it("replaces in memory the tenants that somebody asked for, and leaves out those that nobody did", async () => {
  s = await startServices();
  const isEntitled = async () => (await s.checks.preview("t7", ["sso"])).body.entitlements.sso?.entitled;
  expect(await isEntitled()).toBe(false);
  await applyImport(s, readOf("many.yaml"), ada);
  expect(await isEntitled()).toBe(true);
  expect(s.facts.held().tenants).toBe(1);
});
