import { expect, type Page } from "@playwright/test";
import axe, { type Result } from "axe-core";

/**
 * What axe finds on the open page, which has no frames. axe is put into a page once, because that takes as long as a run. Keeps one
 * element of each rule that holds, since large pages have megabytes of those.
 */
export async function violationsOf(page: Page, { rules, exclude }: { rules?: string[]; exclude?: string } = {}): Promise<Result[]> {
  if (!(await page.evaluate(() => "axe" in window))) await page.evaluate(axe.source);
  return page.evaluate(
    async ({ rules, exclude }) => {
      const inPage = (window as unknown as { axe: typeof axe }).axe;
      const runOnly = rules && ({ type: "rule", values: rules } as const);
      const context = exclude ? { exclude: [exclude] } : document;
      const { violations } = await inPage.run(context, { resultTypes: ["violations"], ...(runOnly && { runOnly }) });
      return violations;
    },
    { rules, exclude },
  );
}

export const isGrave = ({ impact }: Result) => impact === "serious" || impact === "critical";

/** How many px wider than the window the page is. */
export const overflowOf = (page: Page): Promise<number> =>
  page.evaluate(() => Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth));

/** Colours change over 150 ms, and those of an element after those of its parent. */
const finishTransitions = (page: Page) =>
  page.evaluate(() => {
    const running = () => document.getAnimations().filter((animation) => animation instanceof CSSTransition);
    for (let found = running(); found.length > 0; found = running()) for (const transition of found) transition.finish();
  });

const widths = [1280, 390];

/**
 * Opens each page and checks it in both themes, as wide as a desktop and a phone. Only CSS depends on either, so that each page is
 * loaded once. The dark theme differs in nothing but its colours. `axeWidths`: those at which axe runs.
 */
export async function checkPages(
  page: Page,
  paths: string[],
  { isFault = () => true, axeWidths = widths }: { isFault?: (violation: Result) => boolean; axeWidths?: number[] } = {},
): Promise<void> {
  const faults = async (rules?: string[]) =>
    (await violationsOf(page, { rules })).filter(isFault).map(({ id, nodes }) => `${id} ${nodes[0]?.html}`);
  for (const path of paths) {
    await page.setViewportSize({ width: 1280, height: 900 });
    await page.goto(path);
    for (const width of widths) {
      await page.setViewportSize({ width, height: 900 });
      expect([path, width, await overflowOf(page)]).toEqual([path, width, 0]);
      if (!axeWidths.includes(width)) continue;
      expect([path, width, await faults()]).toEqual([path, width, []]);
      await page.emulateMedia({ colorScheme: "dark" });
      await finishTransitions(page);
      expect([path, width, "dark", await faults(["color-contrast"])]).toEqual([path, width, "dark", []]);
      await page.emulateMedia({ colorScheme: "light" });
      await finishTransitions(page);
    }
  }
}
