import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { putTenant } from "~/core/decision/changes";
import { minute } from "~/core/time";
import { changeTenant } from "~/server/changes/tenant-change.server";
import { createEndpoint } from "~/server/webhooks/endpoint-edits.server";
import { ada } from "../support/api";
import { ok, startReceiver } from "../support/receiver";
import { engines, startServices } from "../support/services";

const child = fileURLToPath(new URL("../support/webhook-child.ts", import.meta.url));

describe.each(engines)("on %s", (engine) => {
  test("an event whose delivery was under way at a kill -9 is sent again, with the same id and in order", async () => {
    const variables = { LATCHKEY_WEBHOOK_ALLOW_HOSTS: "127.0.0.1" };
    const services = await startServices(engine, { variables });
    services.clock.now = Date.now();
    const receiver = await startReceiver();
    await services.webhooks.feed.pass();
    const made = await createEndpoint(services, ada, {
      url: receiver.url,
      kind: "standard",
      events: ["tenant.created", "tenant.status_changed"],
    });
    expect(made.ok).toBe(true);
    for (const status of ["active", "suspended", "active"] as const) {
      services.clock.now += 1;
      await changeTenant(services, "acme", ada, (facts, catalogue, stamp) =>
        putTenant(facts, "acme", { name: "Acme", status }, catalogue, stamp),
      );
    }
    // The process need not wait until this one's lease ends.
    await services.db.transaction([], async (tx) => void (await tx.delete(services.db.tables.leases)));
    // The second request gets no answer: the program ends while it waits.
    const env = { PATH: process.env.PATH, NODE_ENV: "production", DATABASE_URL: services.url, LOG_LEVEL: "warn", ...variables };
    const isSecond = new Promise<void>((resolve) => {
      receiver.answerWith((response, received) => (receiver.received.length === 2 ? resolve() : ok(response, received)));
    });
    const started = spawn(process.execPath, ["--import", "tsx", child], { env: env as unknown as NodeJS.ProcessEnv, stdio: "inherit" });
    const exited = once(started, "exit");
    await Promise.race([isSecond, exited.then(() => Promise.reject(new Error("The process ended by itself.")))]);
    started.kill("SIGKILL");
    await exited;
    expect(receiver.received.map(({ type }) => type)).toEqual(["tenant.created", "tenant.status_changed"]);
    receiver.answerWith(ok);
    // Its leases end.
    services.clock.now = Date.now() + minute;
    await services.webhooks.feed.pass();
    await services.webhooks.sender.pass();
    const types = receiver.received.map(({ type }) => type);
    expect(types).toEqual(["tenant.created", "tenant.status_changed", "tenant.status_changed", "tenant.status_changed"]);
    const ids = receiver.received.map(({ headers }) => headers["webhook-id"]);
    expect([ids[1] === ids[2], new Set(ids).size]).toEqual([true, 3]);
    await receiver.close();
    await services.stop();
  });
});
