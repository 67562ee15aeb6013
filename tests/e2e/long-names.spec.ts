import type { Page } from "@playwright/test";
import { expect, hydrated, signIn, test } from "./server";

const owner = { email: `${"o".repeat(60)}@${"example".repeat(8)}.com`, password: "four-quiet-lanterns-rise" };
test.use({ serverEnv: { LATCHKEY_OWNER_EMAIL: owner.email, LATCHKEY_OWNER_PASSWORD: owner.password } });
test.describe.configure({ mode: "serial" });

/** The longest that each may be, without a place to break. */
const long = {
  tenantKey: "t".repeat(200),
  tenantName: "TenantName".repeat(20),
  planKey: "p".repeat(100),
  planName: "PlanName".repeat(25),
  addOnKey: "a".repeat(100),
  metered: "m".repeat(100),
  config: "c".repeat(100),
  featureName: "FeatureName".repeat(18),
  group: "GroupName".repeat(22),
  unit: "u".repeat(50),
  metadataKey: "k".repeat(100),
  text: "v".repeat(200),
};

const file = JSON.stringify({
  latchkey: 1,
  features: {
    [long.metered]: { name: long.featureName, group: long.group, description: long.text, meter: { resetPeriod: "month", unit: long.unit } },
    [long.config]: { name: long.featureName, group: long.group, config: { kind: "text", options: [long.text, `${long.text}w`] } },
    short: { name: "Short" },
  },
  plans: {
    [long.planKey]: { name: long.planName, features: { [long.metered]: 1_000_000_000_000, [long.config]: long.text } },
    team: { name: "Team", includes: long.planKey, features: { short: true } },
  },
  addOns: { [long.addOnKey]: { name: long.planName, features: { [long.metered]: 5 } } },
  tenants: {
    [long.tenantKey]: {
      name: long.tenantName,
      plan: long.planKey,
      addOns: [long.addOnKey],
      metadata: { [long.metadataKey]: long.text },
      grants: [
        { trial: long.config, value: `${long.text}w`, endsAt: "2099-01-01T00:00:00Z", note: "n".repeat(500) },
        { deny: "short", note: "n".repeat(500) },
      ],
    },
  },
});

/** The addresses of every page that shows one of the names. */
async function pagesOf(page: Page): Promise<string[]> {
  const linkOn = async (path: string, pattern: RegExp) => {
    await page.goto(path);
    const all = await page.locator("a").evaluateAll((links) => links.map((link) => link.getAttribute("href") ?? ""));
    return all.filter((href) => pattern.test(href));
  };
  const tenant = `/tenants/${long.tenantKey}`;
  const cell = `/plans/${long.planKey}/features/${long.metered}`;
  const first = async (path: string, pattern: RegExp) => (await linkOn(path, pattern)).slice(0, 1);
  return [
    "/tenants",
    "/tenants/new",
    ...["", "/grants", "/usage", "/audit", "/edit", "/plan", "/status", "/trial", "/override"].map((part) => `${tenant}${part}`),
    `${tenant}/override?feature=${long.metered}`,
    ...(await linkOn(`${tenant}/grants`, /grants\/.+\/(end|extend)$/)),
    "/plans",
    "/plans/new",
    `/plans/${long.planKey}`,
    `/plans/${long.planKey}?compare=team`,
    `/plans/${long.planKey}/edit`,
    "/plans/team",
    "/plans/team?show=all",
    `/plans/team/edit?ask=archive`,
    cell,
    `${cell}?gives=own&value=2&was=1000000000000`,
    "/features",
    "/features/new",
    `/features/${long.metered}`,
    `/features/${long.metered}/edit`,
    `/features/${long.config}/edit?ask=archive`,
    `/playground?tenant=${long.tenantKey}&feature=${long.metered}&user=${"u".repeat(200)}&requested=5`,
    `/playground?tenant=${"x".repeat(200)}`,
    "/flags",
    "/activity",
    ...(await first("/activity", /^\/activity\/\d+$/)),
    "/keys",
    "/keys/new",
    ...(await first("/keys", /^\/keys\/.+\/rotate$/)),
    ...(await first("/keys", /^\/keys\/.+\/revoke$/)),
    "/people",
    "/people/invite",
    ...(await first("/people", /^\/people\/adm/)),
    "/account",
    "/account/second-factor",
    "/import",
    "/import/tenants",
    "/trials",
    "/trials/presets/new",
    "/matrix",
    `/usage/compare?tenant=${long.tenantKey}`,
    "/requests",
    "/rails",
    "/rails/approvals",
    "/coming-changes",
    "/jobs",
    `/bulk?key=${long.tenantKey}`,
    "/notices",
    "/notices/rules",
    "/webhooks",
    "/webhooks/new",
  ];
}

/** Set by the first test. */
let pages: string[] = [];

/** Resolves when the page is hydrated and the result is painted. */
async function settled(page: Page): Promise<void> {
  await hydrated(page);
  await page.evaluate(async () => {
    await document.fonts.ready;
    for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame);
  });
}

/** Everything on the page that is out of reach, out of its place or moves. */
function faultsOf(page: Page): Promise<string[]> {
  return page.evaluate(() => {
    const faults: string[] = [];
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth > width) {
      const wide = [...document.querySelectorAll("main *")].filter((e) => e.getBoundingClientRect().right > width + 1);
      const names = wide.slice(0, 6).map((e) => `${e.tagName}.${e.className}`.slice(0, 80));
      faults.push(`the page is ${document.documentElement.scrollWidth} px wide, the window ${width}: ${names.join(" > ")}`);
    }
    const shift = (window as unknown as { shifts: string[] }).shifts;
    faults.push(...shift.map((what) => `moves: ${what}`));
    const words = (element: Element) => (element.textContent || element.getAttribute("aria-label") || element.tagName).trim().slice(0, 40);
    const isShown = (element: Element) => element.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    // Grids and rows of tabs scroll by design, and the keyboard walks them.
    const isLeftOut = (element: Element) => {
      const head = element.closest("thead");
      return (
        element.closest(
          '[aria-label="Plans and features"], [aria-label="Tenants and features"], .scroll-strip, pre, .sr-only, option, title',
        ) ||
        (head && getComputedStyle(head).position === "absolute")
      );
    };
    /** The part of each box that can be seen. */
    function visibleParts(element: Element, boxes: DOMRect[]): DOMRect[] {
      let rects = boxes;
      for (let outer: Element | null = element; outer; outer = outer.parentElement) {
        if (getComputedStyle(outer).overflow === "visible") continue;
        const clip = outer.getBoundingClientRect();
        rects = rects.map((r) => {
          const [left, top] = [Math.max(r.left, clip.left), Math.max(r.top, clip.top)];
          return new DOMRect(left, top, Math.min(r.right, clip.right) - left, Math.min(r.bottom, clip.bottom) - top);
        });
      }
      return rects.filter((r) => r.width > 0 && r.height > 0);
    }
    for (const control of document.querySelectorAll("button, a, input:not([type=hidden]), select, textarea")) {
      const box = control.getBoundingClientRect();
      if (!isShown(control) || isLeftOut(control) || box.width <= 1 || box.bottom < 0) continue;
      const [seen] = visibleParts(control.parentElement ?? control, [box]);
      const reachable = seen ? Math.min(seen.right, width) - Math.max(seen.left, 0) : 0;
      if (reachable < Math.min(box.width, 24) - 1)
        faults.push(`out of reach: ${words(control)} (${Math.round(box.left)} to ${Math.round(box.right)})`);
    }
    /** The parts of each text that can be seen. */
    const texts: { element: Element; rects: DOMRect[] }[] = [];
    const walker = document.createTreeWalker(document.querySelector("main") ?? document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      const element = node.parentElement;
      if (!element || !node.textContent?.trim() || !isShown(element) || isLeftOut(element)) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      texts.push({ element, rects: visibleParts(element, [...range.getClientRects()]) });
    }
    for (const [i, one] of texts.entries()) {
      for (const other of texts.slice(i + 1)) {
        const isCovered = one.rects.some((a) =>
          other.rects.some(
            (b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 5,
          ),
        );
        if (isCovered) faults.push(`covers each other: ${words(one.element)} | ${words(other.element)}`);
      }
    }
    return faults;
  });
}

test("a catalogue, a tenant, a key and an admin with the longest names are put in", async ({ page, request }) => {
  await signIn(page, owner);
  await page.goto("/people/invite");
  await page.getByLabel("Name").fill("AdminName".repeat(11));
  await page.getByLabel("E-mail").fill(`i${owner.email}`);
  await page.getByRole("button", { name: /link|Invite/ }).click();
  await expect(page.getByText(/\/invite\//).first()).toBeVisible();
  await page.goto("/keys/new");
  await page.getByLabel("Name").fill("KeyName".repeat(14));
  await page.getByRole("checkbox", { name: /manage/i }).check();
  await page.getByRole("button", { name: /Create/ }).click();
  const key =
    /lk_live_\w+/.exec(
      await page
        .getByText(/lk_live_\w{36}/)
        .first()
        .innerText(),
    )?.[0] ?? "";
  const headers = { Authorization: `Bearer ${key}`, "Content-Type": "application/json" };
  const imported = await request.post("/api/catalogue/import", { headers, data: file });
  expect(await imported.text()).toContain('"changed":true');
  pages = await pagesOf(page);
});

/** Keeps each layout shift of the pages that are opened from now on in `window.shifts`. */
async function watchShifts(page: Page): Promise<void> {
  await page.addInitScript(() => {
    const shifts: string[] = [];
    Object.assign(window, { shifts });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries() as unknown as { hadRecentInput: boolean; value: number; sources: { node?: Node }[] }[]) {
        // The columns of a table settle while its rows arrive, by 0.001 at most.
        if (!entry.hadRecentInput && entry.value >= 0.002)
          shifts.push(`${entry.value.toFixed(3)} ${entry.sources.map((s) => s.node?.textContent?.slice(0, 30)).join(", ")}`);
      }
    }).observe({ type: "layout-shift", buffered: true });
  });
}

// 640 px is a window of 1,280 at 200 %, and 800 px is one at 160 %.
for (const width of [390, 640, 800, 1_280]) {
  test(`the longest names leave everything in its place and in reach, at ${width} px`, async ({ page }) => {
    test.setTimeout(600_000);
    await watchShifts(page);
    await page.setViewportSize({ width, height: 800 });
    await signIn(page, owner);
    const faults: Record<string, string[]> = {};
    for (const path of pages) {
      await page.goto(path);
      await settled(page);
      const found = await faultsOf(page);
      if (found.length > 0) faults[path.replace(/(.)\1{9,}/g, "$1…")] = found;
    }
    expect(faults).toEqual({});
  });
}

test("no column moves while the rows of a table still arrive", async ({ page }) => {
  await watchShifts(page);
  await page.setViewportSize({ width: 1_280, height: 800 });
  await signIn(page, owner);
  const network = await page.context().newCDPSession(page);
  const bytesPerSecond = 40_000;
  const shifts: Record<string, unknown> = {};
  for (const path of ["/keys", "/tenants", "/features", "/people", "/activity", "/trials?tab=running"]) {
    // Scripts and styles are in the cache from here on.
    await page.goto(path);
    await network.send("Network.emulateNetworkConditions", {
      offline: false,
      latency: 0,
      downloadThroughput: bytesPerSecond,
      uploadThroughput: -1,
    });
    await page.goto(path);
    await settled(page);
    await network.send("Network.emulateNetworkConditions", { offline: false, latency: 0, downloadThroughput: -1, uploadThroughput: -1 });
    const found = await page.evaluate(() => (window as unknown as { shifts: string[] }).shifts);
    if (found.length > 0) shifts[path] = found;
  }
  expect(shifts).toEqual({});
});
