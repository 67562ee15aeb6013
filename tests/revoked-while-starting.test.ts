import { afterAll, expect, test, vi } from "vitest";
import { createKey, revokeKey } from "~/server/keys/api-keys.server";
import { ada } from "./support/api";
import { startServices } from "./support/services";

const hooks = vi.hoisted(() => ({ whileStarting: async (): Promise<void> => {} }));

vi.mock("~/server/facts/facts-cache.server", async (importOriginal) => {
  const real = await importOriginal<typeof import("~/server/facts/facts-cache.server")>();
  const createFactsCache: typeof real.createFactsCache = (...parts) => {
    const cache = real.createFactsCache(...parts);
    const start = async () => {
      await cache.start();
      await hooks.whileStarting();
      await cache.catchUpNow();
    };
    return { ...cache, start };
  };
  return { ...real, createFactsCache };
});

const first = await startServices();
afterAll(() => first.stop());

test("a key that is revoked while another process starts is refused there", async () => {
  const { id, key } = await createKey(first, ada, { name: "App", scopes: ["check"], expiresAt: null });
  hooks.whileStarting = async () => {
    await new Promise(setImmediate); // The new process has read the keys.
    await revokeKey(first, ada, id);
  };
  const second = await startServices("sqlite", { url: first.url });
  expect(second.keys.verify(key, second.now())).toBe("revoked");
  await second.stop();
});
