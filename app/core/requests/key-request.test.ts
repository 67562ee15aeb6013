import { expect, test } from "vitest";
import { isKeyRequest, type KeyRequest, keyIdOfRequest, whyNotCreateKey } from "./key-request";
import { requestLifeMs, type StoredRequest } from "./request";

const bea = { kind: "admin", id: "adm_bea", name: "Bea" } as const;
const granted: KeyRequest = {
  ...{ id: "rq_1", kind: "approval", tenant: "", actor: bea, user: null, note: null, reason: null, answer: null },
  ...{ state: "granted", createdAt: 1_000, decidedAt: 2_000, decidedBy: "Ada" },
  act: { act: "create_key", name: "Billing", scopes: ["manage"], origins: null, days: 30 },
};
const why = (more: Partial<KeyRequest>, { by = bea as { kind: "admin" | "api_key"; id: string }, isUsed = false, now = 3_000 } = {}) =>
  whyNotCreateKey({ ...granted, ...more }, by, isUsed, now)?.message ?? null;

test("an approved request is for its asker, once, until 14 days after the approval", () => {
  expect(why({})).toBe(null);
  expect(why({}, { by: { kind: "admin", id: "adm_ada" } })).toBe("Bea asked for this key, so nobody else creates it.");
  expect(why({}, { by: { kind: "api_key", id: bea.id } })).toContain("nobody else creates it");
  expect(why({}, { isUsed: true })).toContain("was created already");
  expect(why({}, { now: 2_000 + requestLifeMs - 1 })).toBe(null);
  expect(why({}, { now: 2_000 + requestLifeMs })).toContain("has lapsed");
});

test("one that waits, or was refused or withdrawn, is of no use", () => {
  expect(why({ state: "waiting", decidedAt: null })).toContain("is not approved");
  for (const state of ["refused", "withdrawn"] as const) expect(why({ state })).toContain("is not approved");
});

test("requests for keys are told from others, and each has a key id of its own", () => {
  expect(isKeyRequest(granted)).toBe(true);
  const trial: StoredRequest = { ...granted, act: { act: "try_feature", feature: "sso" } };
  expect(isKeyRequest(trial)).toBe(false);
  expect([keyIdOfRequest("rq_1"), keyIdOfRequest("rq_rq_2")]).toEqual(["key_1", "key_rq_2"]);
});
