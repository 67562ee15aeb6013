import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import type { Engine } from "~db/dialect";
import { runCli } from "./support/cli";
import { until } from "./support/poll";
import { pidsOf } from "./support/processes";
import type { Program } from "./support/program";
import { startProgramWithKey } from "./support/program-with-key";
import { engines } from "./support/services";

const owner = { email: "root@example.com", password: "walrus teapot grammar" };
/** On a busy machine. */
const patient = { timeout: 20_000 };
const form = "application/x-www-form-urlencoded";

type Node = Awaited<ReturnType<typeof start>>;

async function start(engine: Engine = "sqlite") {
  const owns = { LATCHKEY_OWNER_EMAIL: owner.email, LATCHKEY_OWNER_PASSWORD: owner.password };
  const sockets = mkdtempSync(path.join(tmpdir(), "latchkey-sockets-"));
  const limits = { LATCHKEY_CHECK_RATE_LIMIT: "0", LATCHKEY_RATE_LIMIT: "0" };
  const started = await startProgramWithKey(engine, ["check", "manage"], { TMPDIR: sockets, ...limits, ...owns });
  const { program } = started;
  const key = { authorization: `Bearer ${started.key}`, "content-type": "application/json" };
  const api = async (path: string, body?: object, method = "PUT") => {
    const init = body ? { method, headers: key, body: JSON.stringify(body) } : { headers: key };
    const answer = await fetch(`${program.url}${path}`, init);
    return { status: answer.status, body: await answer.json() };
  };
  const signIn = await post(program, "/sign-in", new URLSearchParams(owner).toString());
  const cookie = signIn.headers
    .getSetCookie()
    .map((line) => line.split(";")[0])
    .join("; ");
  return {
    program,
    sockets,
    api,
    cookie,
    page: (path: string) => fetch(`${program.url}${path}`, { headers: { cookie, accept: "text/html" }, redirect: "manual" }),
    send: (path: string, fields: Record<string, string>) => post(program, path, new URLSearchParams(fields).toString(), { cookie }),
    check: async (tenant: string) => (await api(`/api/entitlements?tenant=${tenant}&feature=sso`)).body.entitlements.sso.entitled,
    pids: () => pidsOf(/pages\.js/, program.env.DATABASE_URL as string),
    async end(): Promise<void> {
      await started.kill();
      rmSync(sockets, { recursive: true, force: true });
    },
  };
}

const post = ({ url }: Program, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url + path, {
    method: "POST",
    body,
    headers: { origin: url, accept: "text/html", "content-type": form, ...headers },
    redirect: "manual",
  });

/** Tenants that no other test has. Returns their keys. */
async function newTenants({ api }: Node, count: number): Promise<string[]> {
  const prefix = `t${++lastPrefix}`;
  const keys = Array.from({ length: count }, (_, i) => `${prefix}-${i}`);
  const tenants = Object.fromEntries(keys.map((key) => [key, { name: `Tenant ${key}`, plan: "free" }]));
  const file = { latchkey: 1, features: { sso: {} }, plans: { free: {} }, tenants };
  expect((await api("/api/catalogue/import", file, "POST")).status).toBe(200);
  return keys;
}
let lastPrefix = 0;

/** A POST of which only a part of the body is sent, until `finish`. */
function slowPost({ program, cookie }: Node, path: string, body: string) {
  const headers = { origin: program.url, accept: "text/html", "content-type": form, "content-length": Buffer.byteLength(body), cookie };
  const asked = http.request(program.url + path, { method: "POST", headers, agent: false });
  const answer = new Promise<{ status: number; location: string | undefined }>((resolve, reject) => {
    asked.on("response", (response) => {
      response.resume().on("end", () => resolve({ status: response.statusCode ?? 0, location: response.headers.location }));
    });
    asked.on("error", reject);
  });
  answer.catch(() => {});
  asked.write(body.slice(0, 5));
  return { answer, finish: () => asked.end(body.slice(5)), hangUp: () => asked.destroy() };
}

/** A POST for each of three tenants, of which at least two have reached the page process in part. */
async function slowTrials(node: Node) {
  const tenants = await newTenants(node, 3);
  await (await node.page("/tenants")).text();
  const before = connections(node);
  const sent = tenants.map((tenant) => slowPost(node, `/tenants/${tenant}/trial`, "feature=sso&length=14"));
  // One may have taken the connection that was open: requests to pages are sent one after the other.
  await expect.poll(() => connections(node), patient).toBeGreaterThanOrEqual(before + 2);
  return { tenants, sent };
}

describe.each(engines)("with the pages in a process of their own on %s", (engine) => {
  let node: Node;
  beforeAll(async () => {
    node = await start(engine);
  });
  afterAll(() => node?.end());

  test("the very next check knows what a page changed, and the very next page what the API changed", async () => {
    for (const [i, tenant] of (await newTenants(node, 20)).entries()) {
      expect(await node.check(tenant)).toBe(false);
      expect((await node.send(`/tenants/${tenant}/trial`, { feature: "sso", length: "14" })).status).toBe(302);
      expect([tenant, await node.check(tenant)]).toEqual([tenant, true]);
      expect((await node.api(`/api/tenants/${tenant}`, { name: `Renamed ${i}` })).status).toBe(200);
      expect(await (await node.page(`/tenants/${tenant}`)).text()).toContain(`Renamed ${i}`);
    }
  });

  test("a key that is revoked on a page is refused by the very next check", async () => {
    const made = JSON.parse((await runCli(["keys", "create", "--name", "k", "--scope", "check", "--json"], node.program.env)).stdout);
    const headers = { authorization: `Bearer ${made.key}` };
    const ask = async () => (await fetch(`${node.program.url}/api/entitlements?tenant=none&feature=sso`, { headers })).status;
    await expect.poll(ask, patient).toBe(200);
    expect((await node.send(`/keys/${made.id}/revoke`, {})).status).toBe(302);
    expect(await ask()).toBe(401);
  });

  test("a page shows every check that was answered before it", async () => {
    const [tenant = ""] = await newTenants(node, 1);
    for (let i = 1; i <= 5; i++) {
      await node.check(tenant);
      expect(await (await node.page(`/tenants/${tenant}/usage`)).text()).toMatch(new RegExp(`\\b${i}\\b[^0-9]{0,40}refused`));
    }
  });
});

describe("with the pages in a process of their own", () => {
  let node: Node;
  beforeAll(async () => {
    node = await start();
  });
  afterAll(() => node?.end());

  test("a client that hangs up ends its request to the page process", async () => {
    const { sent } = await slowTrials(node);
    const during = connections(node);
    for (const { hangUp } of sent) hangUp();
    await expect.poll(() => connections(node), patient).toBeLessThanOrEqual(during - 2);
    expect((await node.page("/tenants")).status).toBe(200);
  });

  test("pages are answered 503 and checks go on while the page process is away, and the pages come back", async () => {
    const [tenant = ""] = await newTenants(node, 1);
    const [killed] = node.pids();
    const logged = node.program.output().length;
    process.kill(killed as number, "SIGKILL");
    const away = await until(
      async () => {
        expect(await node.check(tenant)).toBe(false);
        const answer = await node.page("/sign-in");
        return answer.status === 503 ? answer : undefined;
      },
      10_000,
      () => "no page was refused",
    );
    expect(await away.text()).toContain("The pages are starting. Try again in a few seconds.");
    expect(away.headers.get("retry-after")).toBe("2");
    await expect
      .poll(
        async () => {
          expect(await node.check(tenant)).toBe(false);
          return (await node.page(`/tenants/${tenant}`)).status;
        },
        { timeout: 30_000 },
      )
      .toBe(200);
    expect(node.pids()).toHaveLength(1);
    expect(node.pids()).not.toContain(killed);
    expect(node.program.output().slice(logged)).toContain("the page process has ended and is started again");
  });

  test("a large file goes up and down unchanged, and one that is too large is refused while it arrives", async () => {
    const names = Array.from(
      { length: 20_000 },
      (_, i) => `  org-${i}: { name: "Organisation number ${i} ${"x".repeat(100)}", plan: free }`,
    );
    const text = `latchkey: 1\nfeatures:\n  sso: {}\nplans:\n  free: {}\ntenants:\n${names.join("\n")}\n`;
    expect(text.length).toBeGreaterThan(2_500_000);
    const upload = (file: string) => {
      const body = new FormData();
      body.append("file", new File([file], "plans.yaml"));
      const headers = { origin: node.program.url, cookie: node.cookie, accept: "text/html" };
      return fetch(`${node.program.url}/import/preview`, { method: "POST", body, headers, redirect: "manual" });
    };
    const shown = await upload(text);
    expect(shown.status).toBe(200);
    const preview = await shown.text();
    const revision = /name="revision"[^>]*value="(\d+)"/.exec(preview)?.[1] ?? /value="(\d+)"[^>]*name="revision"/.exec(preview)?.[1] ?? "";
    expect((await node.send("/import/preview", { name: "plans.yaml", text, revision })).status).toBe(302);
    // A file of this size is imported by a job.
    const imported = async () => (await node.api("/api/tenants/org-19999")).body.plan;
    await expect.poll(imported, { timeout: 120_000 }).toBe("free");
    const exported = await node.page("/export?tenants=yes");
    const lines = (await exported.text()).split("\n").filter((line) => line.startsWith("  org-"));
    expect(lines).toHaveLength(20_000);
    expect((await node.send("/tenants/org-1/trial", { feature: "sso", note: "x".repeat(5_000_000) })).status).toBe(413);
    expect((await node.page("/tenants")).status).toBe(200);
  });
});

test("a form that is on its way when the page process dies is answered, and says to look", async () => {
  const node = await start();
  onTestFinished(node.end);
  const { tenants, sent } = await slowTrials(node);
  const statuses: number[] = [];
  for (const { answer } of sent) answer.then(({ status }) => statuses.push(status)).catch(() => {});
  process.kill(node.pids()[0] as number, "SIGKILL");
  await expect.poll(() => statuses.filter((status) => status === 500).length, patient).toBeGreaterThanOrEqual(2);
  for (const { hangUp } of sent) hangUp();
  await expect.poll(async () => (await node.page(`/tenants/${tenants[0]}`)).status, patient).toBe(200);
});

test("SIGTERM finishes forms that are on their way, and ends every process", async () => {
  const node = await start();
  onTestFinished(node.end);
  const { sent } = await slowTrials(node);
  const stopped = node.program.stop();
  await expect.poll(async () => (await fetch(`${node.program.url}/readyz`).catch(() => null))?.status ?? 0, patient).not.toBe(200);
  for (const { finish } of sent) finish();
  for (const { answer } of sent) expect(await answer).toMatchObject({ status: 302, location: expect.stringContaining("/tenants/t") });
  expect(await stopped).toBe(0);
  expect(pidsOf(/build\/server/, node.program.env.DATABASE_URL as string)).toEqual([]);
});

test("a server that is killed leaves no process and no socket behind", async () => {
  const node = await start();
  onTestFinished(node.end);
  const isOurs = () => pidsOf(/build\/server/, node.program.env.DATABASE_URL as string);
  await expect.poll(() => isOurs().length, { timeout: 20_000 }).toBe(3);
  expect(readdirSync(node.sockets)).toHaveLength(1);
  await node.program.kill();
  await expect.poll(isOurs, { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => readdirSync(node.sockets), patient).toEqual([]);
});

/** Open sockets of the page process. */
function connections(node: Node): number {
  const [pid] = node.pids();
  const isSocket = (fd: string) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`).startsWith("socket:");
    } catch {
      return false; // closed meanwhile
    }
  };
  return readdirSync(`/proc/${pid}/fd`).filter(isSocket).length;
}
