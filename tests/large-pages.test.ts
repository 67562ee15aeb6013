import { extendTailwindMerge } from "tailwind-merge";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startTestApp, type TestApp } from "./support/app";
import { featureKey, fillLargeDataset, planKey, tenantKey } from "./support/large-dataset";
import { pageAddresses } from "./support/page-addresses";

/** With the names of our own theme in `app/tailwind.css`. */
const merge = extendTailwindMerge({ extend: { theme: { radius: ["control", "card"], shadow: ["card", "float"] } } });

/** A page's answer, HTML with its data, in bytes. */
const maxPageBytes = 150_000;
/** Files, which are not pages. */
const isFile = (address: string) => /^\/(export|lists\/[^?]*|[^?]*\/export|[^?]*\.(csv|json))(\?|$)/.test(address);

let app: TestApp;
const pages: { address: string; status: number; html: string }[] = [];

beforeAll(async () => {
  app = await startTestApp();
  await fillLargeDataset(app.services, app.services.env.databaseUrl, {
    tenants: 5_000,
    plans: 1_000,
    features: 1_000,
    entriesPerPlan: 49,
    days: 5,
  });
  await app.services.facts.look();
  const owner = await app.signIn();
  const known = { plan: planKey(0), feature: featureKey(0), tenant: tenantKey(0), grant: "gr_0", seq: "1", id: "adm_owner" };
  for (const address of pageAddresses(known).filter((address) => !isFile(address))) {
    const response = await owner.get(address);
    pages.push({ address, status: response.status, html: await response.text() });
  }
});
afterAll(() => app.close());

test("no page of a catalogue at its bounds is larger than 150 kB", async () => {
  expect(pages.length).toBeGreaterThan(40);
  expect(pages.filter(({ status }) => status >= 500).map(({ address }) => address)).toEqual([]);
  const sizes = pages.map(({ address, html }): [string, number] => [address, html.length]);
  expect(sizes.filter(([, bytes]) => bytes > maxPageBytes)).toEqual([]);
});

test("no element has two classes for the same property, because which of them wins depends on the style sheet", () => {
  const contradictions = new Set<string>();
  for (const { html } of pages) {
    for (const [, written = ""] of html.matchAll(/ class="([^"]*)"/g)) {
      const classes = written.replaceAll("&amp;", "&").replaceAll("&gt;", ">").split(" ");
      const kept = new Set(merge(classes.join(" ")).split(" "));
      const lost = classes.filter((name) => !kept.has(name));
      if (lost.length > 0) contradictions.add(`${lost.join(" ")} in ${written}`);
    }
  }
  expect([...contradictions]).toEqual([]);
});
