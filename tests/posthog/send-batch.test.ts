import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendBatch } from "~/server/posthog/events/send-batch.server";

const server = createServer((_request, response) => response.end(answer));
let answer = "";
let host = "";
beforeAll(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  host = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const send = (said: string) => {
  answer = said;
  const event = { event: "e", distinct_id: "d", uuid: "u", timestamp: new Date(0).toISOString(), properties: {} };
  return sendBatch({ host, projectKey: "phc_x" }, [event], 5_000);
};

test.each(['{"status":"Ok"}', '{"status":"ok"}', '{"status":1}'])(
  "a 200 that says %s was PostHog, and it took the events",
  async (said) => {
    expect(await send(said)).toEqual({ ok: true });
  },
);

test.each([
  '{"status":"error"}',
  '{"status":0}',
  '{"status":null}',
  "{}",
  "null",
  "",
  "<!doctype html>",
  `{"status":"Ok","x":"${"x".repeat(70_000)}"}`,
])("a 200 that says something else (%#) was not, and the events wait", async (said) => {
  expect(await send(said)).toMatchObject({ ok: false, kind: "down" });
});

test("a quota that is used up took nothing", async () => {
  expect(await send('{"status":"Ok","quota_limited":["events"]}')).toMatchObject({ ok: false, kind: "down" });
  expect(await send('{"status":"Ok","quota_limited":["recordings"]}')).toEqual({ ok: true });
});
