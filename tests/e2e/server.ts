import { type BrowserContext, type BrowserContextOptions, test as base, expect, type Page } from "@playwright/test";
import { type Program, startProgram } from "../support/program";

export { expect };

export const owner = { email: "owner@example.com", password: "four-quiet-lanterns-rise" };
/** For `serverEnv`. */
export const ownerEnv = { LATCHKEY_OWNER_EMAIL: owner.email, LATCHKEY_OWNER_PASSWORD: owner.password };

/** Submits the sign-in page that is open. */
export async function enterPassword(page: Page, { email, password } = owner): Promise<void> {
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL((url) => url.pathname !== "/sign-in");
}

/** Returns the page, signed in. */
export async function signIn(page: Page, admin = owner): Promise<Page> {
  await page.goto("/sign-in");
  await enterPassword(page, admin);
  return page;
}

/** Resolves when React has hydrated the page. Before, a click or a form loads a whole page, as without JavaScript. */
export async function hydrated(page: Page): Promise<void> {
  await page.waitForFunction(() => Object.keys(document.querySelector("main") ?? {}).some((name) => name.startsWith("__reactFiber")));
}

/** A phone, and a window of 1,280 by 800 at 200 % zoom, which has half as many CSS pixels. For `newPerson`. */
export const smallScreens: { [what: string]: BrowserContextOptions } = {
  "on a phone": { viewport: { width: 390, height: 844 }, hasTouch: true },
  "at 200 % zoom": { viewport: { width: 640, height: 400 }, deviceScaleFactor: 2 },
};

type OfWorker = {
  /** Additional environment of the server, such as LATCHKEY_OWNER_EMAIL; set with `test.use` at the top of a spec. */
  serverEnv: Record<string, string>;
  /**
   * One production server per spec with an empty database. A failed test starts a new one, so tests that depend on each
   * other must be serial.
   */
  server: Program;
};

type OfTest = {
  /** Declares browser errors a test provokes; any other error or CSP violation fails the test. */
  expectBrowserError: (pattern: RegExp) => void;
  /** A second person in a second browser, with the same error checks. */
  newPerson: (options?: BrowserContextOptions) => Promise<BrowserContext>;
  watch: (context: BrowserContext) => void;
  browserErrors: { seen: string[]; expected: RegExp[] };
};

export const test = base.extend<OfTest, OfWorker>({
  serverEnv: [{}, { option: true, scope: "worker" }],
  server: [
    async ({ serverEnv }, use) => {
      const server = await startProgram(serverEnv);
      await use(server);
      const code = await server.stop();
      if (code !== 0) throw new Error(`SIGTERM ended the server with ${code} instead of 0:\n${server.output()}`);
    },
    { scope: "worker", timeout: 60_000 },
  ],
  baseURL: async ({ server }, use) => use(server.url),

  browserErrors: [
    async ({ server }, use, testInfo) => {
      const errors = { seen: [] as string[], expected: [] as RegExp[] };
      const before = server.output().length;
      await use(errors);
      const unexpected = errors.seen.filter((text) => !errors.expected.some((pattern) => pattern.test(text)));
      if (unexpected.length > 0 || testInfo.status !== testInfo.expectedStatus)
        await testInfo.attach("server output", { body: server.output().slice(before), contentType: "text/plain" });
      expect(unexpected, "unexpected errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
  expectBrowserError: async ({ browserErrors }, use) => use((pattern) => void browserErrors.expected.push(pattern)),
  watch: async ({ browserErrors }, use) =>
    use((context) => {
      // Chromium also reports a refused script or style as a console error.
      context.on("console", (message) => {
        // Remix logs an aborted navigation if it was still decoding the answer (its single-fetch.js).
        if (message.text().startsWith("AbortError: signal is aborted without reason")) return;
        if (message.type() === "error") browserErrors.seen.push(`${message.text()} ${message.location().url}`);
      });
      context.on("weberror", (error) => void browserErrors.seen.push(String(error.error())));
    }),
  context: async ({ context, watch }, use) => {
    watch(context);
    await use(context);
  },
  newPerson: async ({ browser, baseURL, watch }, use) => {
    const opened: BrowserContext[] = [];
    await use(async (options) => {
      const context = await browser.newContext({ baseURL, ...options });
      opened.push(context);
      watch(context);
      return context;
    });
    for (const context of opened) await context.close();
  },
});
