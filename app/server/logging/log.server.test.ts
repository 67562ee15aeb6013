import { Writable } from "node:stream";
import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, test } from "vitest";
import { createLog } from "./log.server";

function logged(write: (log: ReturnType<typeof createLog>) => void): string {
  let text = "";
  const sink = new Writable({
    write: (chunk, _encoding, done) => {
      text += chunk;
      done();
    },
  });
  write(createLog("debug", sink));
  return text;
}

test("a failed query is logged with its statement and reason, and without anybody's data", () => {
  const cause = Object.assign(new Error("disk is full"), { code: "SQLITE_FULL" });
  const error = new DrizzleQueryError("insert into admins values (?, ?)", ["ada@example.com", "line\n at one"], cause);
  const text = logged((log) => log.error({ err: error }, "page failed"));
  expect(text).toContain("insert into admins");
  expect(text).toContain("SQLITE_FULL");
  expect(text).toContain("log.server.test.ts");
  expect(text).not.toMatch(/ada@example|at one/);
});

test("requests are logged by their route, never with address, headers or body", () => {
  const request = {
    method: "GET",
    url: "/setup/the-token?tenant=acme",
    routeOptions: { url: "/api/x/:key" },
    headers: { cookie: "sid=1" },
  };
  const text = logged((log) => log.warn({ req: request, headers: request.headers, form: { password: "hunter2" } }, "x"));
  expect(JSON.parse(text).req).toEqual({ method: "GET", route: "/api/x/:key" });
  expect(text).not.toMatch(/the-token|acme|sid=1|hunter2/);
});
