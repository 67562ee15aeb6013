import { afterAll, afterEach, beforeAll, expect, test, vi } from "vitest";
import { problemOf } from "~/api/http/refusals.server";
import { ClientAborted } from "~/server/http/client-aborted";
import { writeAudit } from "~db/store/audit.server";
import { type Api, ada, startApi } from "../support/api";
import { now } from "../support/facts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  const { db } = api.services;
  const about = { action: "catalogue.imported", subjectKind: "catalogue", subject: "" } as const;
  await db.transaction([], (tx) => writeAudit(tx, db.tables, { at: now, actor: ada, ...about, after: { text: "x".repeat(100_000) } }));
});
afterEach(() => vi.restoreAllMocks());
afterAll(() => api.stop());

test.each([
  ["an export", "export", "/api/catalogue?tenants=1"],
  ["a large entry of the audit log", "auditEntry", "/api/audit/:seq"],
] as const)("%s is no longer written when its client disconnects", async (_what, method, path) => {
  const { background } = api.services;
  let signal: AbortSignal | undefined;
  vi.spyOn(background, "isOn").mockReturnValue(true);
  vi.spyOn(background, method).mockImplementation((_order: unknown, given?: AbortSignal) => {
    signal = given;
    return new Promise<never>((_resolve, reject) => given?.addEventListener("abort", () => reject(given.reason)));
  });
  const { items } = (await (await api.get("/api/audit?limit=1", api.keys.manage)).json()) as { items: { seq: number }[] };
  const client = new AbortController();
  const headers = { authorization: `Bearer ${api.keys.manage}` };
  const asked = fetch(api.origin + path.replace(":seq", String(items[0]?.seq)), { headers, signal: client.signal });
  await vi.waitUntil(() => signal);
  expect(signal?.aborted).toBe(false);
  client.abort();
  await expect(asked).rejects.toThrow("aborted");
  await vi.waitUntil(() => signal?.aborted);
});

test("a client that disconnects is not logged as a failure of the server", () => {
  expect(problemOf(new ClientAborted())).toMatchObject({ status: 400, code: "bad_request" });
});
