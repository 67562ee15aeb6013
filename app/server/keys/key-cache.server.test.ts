import { afterEach, expect, test } from "vitest";
import type { Queries } from "~db/database";
import { ada } from "~tests/facts";
import { until } from "~tests/poll";
import { startServices, type TestServices } from "~tests/services";
import { createKey, revokeKey } from "./api-keys.server";
import { createKeyRing } from "./key-cache.server";

let s: TestServices;
afterEach(() => s.stop());

test("while keys cannot be read nobody waits for the attempts to read them, and the first that succeeds counts", async () => {
  s = await startServices();
  const { id, key } = await createKey(s, ada, { name: "app", scopes: ["check"], expiresAt: null });
  let reads = 0;
  let answers: "yes" | "no" | "never" = "yes";
  const select = (...args: []) => {
    reads += 1;
    if (answers === "no") throw new Error("the database is away");
    if (answers === "yes") return s.db.read.select(...args);
    return { from: () => ({ orderBy: () => new Promise(() => {}) }) };
  };
  const ring = createKeyRing({ ...s.db, read: { select } as unknown as Queries }, s.log);
  await ring.start();
  answers = "no";
  ring.forget();
  await ring.refresh();
  expect(ring.verify(key, s.now())).toMatchObject({ id });

  const before = reads;
  const attempt = () =>
    until(
      async () => reads > before || undefined,
      5_000,
      () => "nothing was tried again",
    );
  answers = "never";
  await attempt();
  expect(ring.refresh()).toBeUndefined();
  expect(ring.verify(key, s.now())).toMatchObject({ id });
});

test("once keys can be read again, what changed meanwhile counts", async () => {
  s = await startServices();
  const { id, key } = await createKey(s, ada, { name: "app", scopes: ["check"], expiresAt: null });
  let isAway = false;
  const select = (...args: []) => {
    if (isAway) throw new Error("the database is away");
    return s.db.read.select(...args);
  };
  const ring = createKeyRing({ ...s.db, read: { select } as unknown as Queries }, s.log);
  await ring.start();
  isAway = true;
  await revokeKey(s, ada, id);
  ring.forget();
  await ring.refresh();
  isAway = false;
  await until(
    async () => {
      await ring.refresh();
      return ring.verify(key, s.now()) === "revoked" || undefined;
    },
    5_000,
    () => "the key is still good",
  );
});
