import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import http from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { runCli } from "./support/cli";
import { until } from "./support/poll";
import { pidsOf } from "./support/processes";
import { type Program, startProgram } from "./support/program";
import { engines, freshDatabaseUrl } from "./support/services";

const owner = { email: "root@example.com", password: "walrus teapot grammar" };
/** On a busy machine. */
const patient = { timeout: 20_000 };
const form = "application/x-www-form-urlencoded";
const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

type Node = Awaited<ReturnType<typeof start>>;

async function start(more: Record<string, string> = {}) {
  const owns = { LATCHKEY_OWNER_EMAIL: owner.email, LATCHKEY_OWNER_PASSWORD: owner.password };
  const sockets = mkdtempSync(path.join(tmpdir(), "latchkey-sockets-"));
  stops.push(() => rmSync(sockets, { recursive: true, force: true }));
  const program = await startProgram({ TMPDIR: sockets, LATCHKEY_CHECK_RATE_LIMIT: "0", LATCHKEY_RATE_LIMIT: "0", ...owns, ...more });
  stops.push(program.kill);
  const made = await runCli(["keys", "create", "--name", "t", "--scope", "check", "--scope", "manage", "--json"], program.env);
  const key = { authorization: `Bearer ${JSON.parse(made.stdout).key}`, "content-type": "application/json" };
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
  };
}

const post = ({ url }: Program, path: string, body: string, headers: Record<string, string> = {}) =>
  fetch(url + path, {
    method: "POST",
    body,
    headers: { origin: url, accept: "text/html", "content-type": form, ...headers },
    redirect: "manual",
  });

async function withTenants({ api }: Node, count: number): Promise<void> {
  const tenants = Object.fromEntries(Array.from({ length: count }, (_, i) => [`t${i}`, { name: `Tenant ${i}`, plan: "free" }]));
  const file = { latchkey: 1, features: { sso: {} }, plans: { free: {} }, tenants };
  expect((await api("/api/catalogue/import", file, "POST")).status).toBe(200);
}

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
  await withTenants(node, 3);
  await node.page("/tenants");
  const before = connections(node);
  const sent = [0, 1, 2].map((i) => slowPost(node, `/tenants/t${i}/trial`, "feature=sso&length=14"));
  // One may have taken the connection that was open.
  await expect.poll(() => connections(node), patient).toBeGreaterThanOrEqual(before + 2);
  return sent;
}

describe.each(engines)("with the pages in a process of their own on %s", (engine) => {
  async function startOn(): Promise<Node> {
    const { url, remove } = await freshDatabaseUrl(engine);
    stops.push(remove);
    return start({ DATABASE_URL: url });
  }

  test("the very next check knows what a page changed, and the very next page what the API changed", async () => {
    const node = await startOn();
    await withTenants(node, 20);
    for (let i = 0; i < 20; i++) {
      const tenant = `t${i}`;
      expect(await node.check(tenant)).toBe(false);
      expect((await node.send(`/tenants/${tenant}/trial`, { feature: "sso", length: "14" })).status).toBe(302);
      expect([tenant, await node.check(tenant)]).toEqual([tenant, true]);
      expect((await node.api(`/api/tenants/${tenant}`, { name: `Renamed ${i}` })).status).toBe(200);
      expect(await (await node.page(`/tenants/${tenant}`)).text()).toContain(`Renamed ${i}`);
    }
  });

  test("a key that is revoked on a page is refused by the very next check", async () => {
    const node = await startOn();
    await withTenants(node, 1);
    const made = JSON.parse((await runCli(["keys", "create", "--name", "k", "--scope", "check", "--json"], node.program.env)).stdout);
    const headers = { authorization: `Bearer ${made.key}` };
    const ask = async () => (await fetch(`${node.program.url}/api/entitlements?tenant=t0&feature=sso`, { headers })).status;
    await expect.poll(ask, patient).toBe(200);
    expect((await node.send(`/keys/${made.id}/revoke`, {})).status).toBe(302);
    expect(await ask()).toBe(401);
  });

  test("a page shows every check that was answered before it", async () => {
    const node = await startOn();
    await withTenants(node, 1);
    for (let i = 1; i <= 5; i++) {
      await node.check("t0");
      expect(await (await node.page("/tenants/t0/usage")).text()).toMatch(new RegExp(`\\b${i}\\b[^0-9]{0,40}refused`));
    }
  });
});

test("pages are answered 503 and checks go on while the page process is away, and the pages come back", async () => {
  const node = await start();
  await withTenants(node, 1);
  const [killed] = node.pids();
  process.kill(killed as number, "SIGKILL");
  const away = await until(
    async () => {
      expect(await node.check("t0")).toBe(false);
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
        expect(await node.check("t0")).toBe(false);
        return (await node.page("/tenants/t0")).status;
      },
      { timeout: 30_000 },
    )
    .toBe(200);
  expect(node.pids()).toHaveLength(1);
  expect(node.pids()).not.toContain(killed);
  expect(node.program.output()).toContain("the page process has ended and is started again");
});

test("a form that is on its way when the page process dies is answered, and says to look", async () => {
  const node = await start();
  const sent = await slowTrials(node);
  const statuses: number[] = [];
  for (const { answer } of sent) answer.then(({ status }) => statuses.push(status)).catch(() => {});
  process.kill(node.pids()[0] as number, "SIGKILL");
  await expect.poll(() => statuses.filter((status) => status === 500).length, patient).toBeGreaterThanOrEqual(2);
  for (const { hangUp } of sent) hangUp();
  await expect.poll(async () => (await node.page("/tenants/t0")).status, patient).toBe(200);
});

test("SIGTERM finishes forms that are on their way, and ends every process", async () => {
  const node = await start();
  const sent = await slowTrials(node);
  const stopped = node.program.stop();
  await expect.poll(async () => (await fetch(`${node.program.url}/readyz`).catch(() => null))?.status ?? 0, patient).not.toBe(200);
  for (const { finish } of sent) finish();
  for (const { answer } of sent) expect(await answer).toMatchObject({ status: 302, location: expect.stringContaining("/tenants/t") });
  expect(await stopped).toBe(0);
  expect(pidsOf(/build\/server/, node.program.env.DATABASE_URL as string)).toEqual([]);
});

test("a server that is killed leaves no process and no socket behind", async () => {
  const node = await start();
  const isOurs = () => pidsOf(/build\/server/, node.program.env.DATABASE_URL as string);
  await expect.poll(() => isOurs().length, { timeout: 20_000 }).toBe(3);
  expect(readdirSync(node.sockets)).toHaveLength(1);
  await node.program.kill();
  await expect.poll(isOurs, { timeout: 20_000 }).toEqual([]);
  await expect.poll(() => readdirSync(node.sockets), patient).toEqual([]);
});

test("a client that hangs up ends its request to the page process", async () => {
  const node = await start();
  const slow = await slowTrials(node);
  const during = connections(node);
  for (const { hangUp } of slow) hangUp();
  await expect.poll(() => connections(node), patient).toBeLessThanOrEqual(during - 2);
  expect((await node.page("/tenants")).status).toBe(200);
});

test("a large file goes up and down unchanged, and one that is too large is refused while it arrives", async () => {
  const node = await start();
  const names = Array.from({ length: 20_000 }, (_, i) => `  org-${i}: { name: "Organisation number ${i} ${"x".repeat(100)}", plan: free }`);
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
  const plan = async () => (await node.api("/api/tenants/org-19999")).body.plan;
  await until(
    async () => (await plan()) === "free" || undefined,
    120_000,
    () => "the file was not imported",
  );
  const exported = await node.page("/export?tenants=yes");
  const lines = (await exported.text()).split("\n").filter((line) => line.startsWith("  org-"));
  expect(lines).toHaveLength(20_000);
  expect((await node.send("/tenants/org-1/trial", { feature: "sso", note: "x".repeat(5_000_000) })).status).toBe(413);
  expect((await node.page("/tenants")).status).toBe(200);
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
