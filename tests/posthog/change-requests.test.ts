import { afterEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import type { PosthogHooks } from "~/server/posthog/events/hooks.server";
import { importText } from "../support/import-text";
import { type PosthogApp, startPosthogApp } from "../support/posthog";

// What a page or a program's request changed is sent later, by whichever process sends, and still names the request.

const catalogue = `
latchkey: 1
features: { sso: Single sign-on }
plans:
  basic: { features: [] }
  pro: { rank: 20, features: [sso] }
tenants:
  acme: { plan: basic }
`;

let app: PosthogApp;
afterEach(() => app.close());

async function start(posthogHooks?: PosthogHooks) {
  app = await startPosthogApp({ posthogHooks });
  await importText(app.services, catalogue);
  await app.posthog.tenantEvents.start();
}
const properties = async (event: string) => (await app.captured(event)).map((e) => e.properties ?? {});
const session = { "x-posthog-session-id": "session-1" };
const program = async (method: string, path: string, body: object) => {
  const headers = { authorization: `Bearer ${await app.apiKey("manage")}`, "content-type": "application/json", ...session };
  const answer = await fetch(app.url + path, { method, headers, body: JSON.stringify(body) });
  expect(answer.status).toBeLessThan(300);
  return answer.json();
};

describe("events of what became of a tenant", () => {
  test("carry session and address of the page's request that changed it", async () => {
    await start();
    const owner = await app.signIn("owner");
    const granted = await owner.post("/tenants/acme/trial?from=list", { feature: "sso", length: "14" }, session);
    expect([granted.status, await properties("trial_granted")]).toEqual([
      302,
      [expect.objectContaining({ $session_id: "session-1", $current_url: expect.stringContaining(`${app.url}/tenants/acme/trial`) })],
    ]);
  });

  test("carry those of a program's request, for each kind of event", async () => {
    await start();
    const at = (path: string) => expect.objectContaining({ $session_id: "session-1", $current_url: app.url + path, actor_kind: "api_key" });
    const endsAt = new Date(app.clock.now + day).toISOString();
    await program("POST", "/api/tenants/acme/grants", { kind: "trial", feature: "sso", endsAt });
    await program("PUT", "/api/tenants/acme", { plan: "pro" });
    await program("PUT", "/api/tenants/acme", { status: "suspended" });
    expect(await properties("trial_granted")).toEqual([at("/api/tenants/acme/grants")]);
    for (const event of ["plan_changed", "trial_converted", "tenant_suspended"])
      expect([event, await properties(event)]).toEqual([event, [at("/api/tenants/acme")]]);
    app.clock.now += 86_400_000 + 10_000;
    const [expired] = await properties("trial_expired");
    expect(expired).not.toHaveProperty("$session_id");
    expect(expired).not.toHaveProperty("$current_url");
  });

  test("carry nothing of a change that no request made, such as a command's import", async () => {
    await start();
    await importText(app.services, catalogue.replace("plan: basic }", "plan: pro }"));
    const [byCommand] = await properties("plan_changed");
    expect(Object.keys(byCommand ?? {})).not.toContain("$current_url");
  });

  test("carry what the tag map leaves of it, and nothing of a request that the filter keeps out", async () => {
    await start({
      tagMap: ({ $current_url: _, ...tags }) => tags,
      requestFilter: ({ path }) => !path.startsWith("/api/tenants/hidden"),
    });
    await program("PUT", "/api/tenants/acme", { plan: "pro" });
    await program("PUT", "/api/tenants/hidden", { plan: "basic" });
    await program("PUT", "/api/tenants/hidden", { plan: "pro" });
    const [seen, hidden] = await properties("plan_changed");
    expect(seen).toMatchObject({ tenant: "acme", $session_id: "session-1" });
    expect(seen).not.toHaveProperty("$current_url");
    expect(hidden).toMatchObject({ tenant: "hidden" });
    expect(hidden).not.toHaveProperty("$session_id");
  });
});
