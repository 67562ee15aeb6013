import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { day } from "~/core/time";
import { type Api, startApi } from "../support/api";
import { addOn, feature, meteredFeature, now, plan } from "../support/facts";

let api: Api;
beforeEach(async () => {
  api = await startApi();
  await api.catalogue(
    [feature("sso"), feature("audit"), meteredFeature("api_calls")],
    [plan("starter", { api_calls: 1000 }), plan("premium", { sso: true }, { rank: 20 }), addOn("boost", { api_calls: 1 })],
  );
});
afterEach(() => api.stop());

const put = (key: string, body: unknown) => api.send("PUT", `/api/tenants/${encodeURIComponent(key)}`, body);
const grant = (key: string, body: unknown) => api.send("POST", `/api/tenants/${encodeURIComponent(key)}/grants`, body);

describe("PUT /api/tenants/{key}", () => {
  test("creates with 201 and updates with 200; left out is unchanged, null is cleared", async () => {
    const made = await put("acme", { name: "Acme", plan: "starter", addOns: ["boost"], metadata: { crm: 7 } });
    expect(made.status).toBe(201);
    expect(await made.json()).toMatchObject({
      key: "acme",
      name: "Acme",
      status: "active",
      plan: "starter",
      addOns: ["boost"],
      metadata: { crm: 7 },
      grants: [],
    });
    const changed = await put("acme", { plan: null, status: "suspended" });
    expect(changed.status).toBe(200);
    expect(await changed.json()).toMatchObject({ name: "Acme", status: "suspended", plan: null, addOns: ["boost"], metadata: { crm: 7 } });
  });

  test("changes nothing when all is as asked: no new revision, no audit row", async () => {
    const first = await (await put("acme", { plan: "starter" })).json();
    const again = await (await put("acme", { plan: "starter" })).json();
    expect(again.revision).toBe(first.revision);
  });

  test.each([
    [{ plan: "none" }, 422, "plan_not_found", "plan"],
    [{ plan: "boost" }, 422, "plan_kind", "plan"],
    [{ addOns: ["premium"] }, 422, "plan_kind", "addOns"],
    [{ name: "" }, 400, "invalid_request", "name"],
    [{ name: 5 }, 400, "invalid_request", "name"],
    [{ status: "gone" }, 400, "invalid_request", "status"],
    [{ metadata: [] }, 400, "invalid_request", "metadata"],
    [{ metadata: { a: "x".repeat(10_001) } }, 400, "invalid_request", "metadata"],
    [{ plans: "starter" }, 400, "invalid_request", "plans"],
    [{ plans: 1, other: 2 }, 400, "invalid_request", "plans"],
    ["{", 400, undefined, undefined],
    ["[]", 400, "invalid_request", "body"],
  ])("refuses %j with %i", async (body, status, code, field) => {
    const answer = await put("acme", body);
    expect(answer.status).toBe(status);
    expect(answer.headers.get("content-type")).toMatch(/^application\/problem\+json/);
    const problem = await answer.json();
    if (code) expect(problem).toMatchObject({ code });
    if (field) expect(problem).toMatchObject({ field });
    expect((await api.services.facts.tenant("acme")).facts).toBeNull();
  });

  test("takes keys of every kind in the path, and refuses one that is too long", async () => {
    for (const key of ["a/b", "__proto__", "..", "ä".repeat(200)]) expect((await put(key, {})).status).toBe(key === ".." ? 404 : 201);
    expect((await put("x".repeat(201), {})).status).toBe(400);
  });

  test("wants the scope manage", async () => {
    expect((await api.send("PUT", "/api/tenants/acme", {}, null)).status).toBe(401);
    expect((await api.send("PUT", "/api/tenants/acme", {}, api.keys.check)).status).toBe(403);
  });
});

describe("POST /api/tenants/{key}/grants", () => {
  beforeEach(() => put("acme", { plan: "starter" }));

  test("grants a trial by days or to an instant, of one feature or several", async () => {
    const one = await grant("acme", { kind: "trial", feature: "sso", days: 14, note: "asked by phone" });
    expect(one.status).toBe(201);
    expect((await one.json()).grants).toMatchObject([
      {
        kind: "trial",
        feature: "sso",
        value: true,
        startsAt: new Date(now).toISOString(),
        endsAt: new Date(now + 14 * day).toISOString(),
        note: "asked by phone",
        createdBy: "manage",
      },
    ]);
    const two = await grant("acme", {
      kind: "trial",
      features: [{ feature: "audit" }, { feature: "api_calls", value: 9 }],
      endsAt: "2026-12-01T01:00:00+01:00",
    });
    expect((await two.json()).grants).toMatchObject([{ endsAt: "2026-12-01T00:00:00.000Z" }, { value: 9 }]);
  });

  test("says which trials the plan includes already", async () => {
    await put("acme", { plan: "premium" });
    const made = await grant("acme", { kind: "trial", features: [{ feature: "sso" }, { feature: "audit" }], days: 14 });
    expect((await made.json()).alreadyIncluded).toEqual([{ feature: "sso", plan: "premium" }]);
    await put("acme", { plan: "starter" });
    const other = await grant("acme", { kind: "trial", feature: "api_calls", value: 1_000_000, days: 14 });
    expect((await other.json()).alreadyIncluded).toEqual([]);
  });

  test("refuses a trial whose days lead beyond the year 9999", async () => {
    const late = await api.send("POST", "/api/tenants/acme/grants", {
      kind: "trial",
      feature: "sso",
      startsAt: "9999-12-31T00:00:00Z",
      days: 30,
    });
    expect(late.status).toBe(422);
    expect(await late.json()).toMatchObject({ code: "value_invalid", field: "endsAt" });
  });

  test("sets an override, and ends it", async () => {
    const made = await grant("acme", { kind: "override", feature: "api_calls", effect: "allow", value: "unlimited" });
    const { grants } = await made.json();
    const ended = await api.send("POST", `/api/grants/${grants[0].id}/end`, { note: "over" });
    expect(ended.status).toBe(200);
    const again = await api.send("POST", `/api/grants/${grants[0].id}/end`);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "grant_over" });
  });

  test.each([
    [{ kind: "trial", feature: "nothing", days: 1 }, 422, "feature_not_found", "feature"],
    [{ kind: "trial", feature: "sso", endsAt: "2026-11-20T09:59:59.999Z" }, 422, "ends_in_past", "endsAt"],
    [{ kind: "trial", feature: "sso", startsAt: "2026-01-01T00:00:00Z", endsAt: "2026-11-20T10:00:00Z" }, 422, "ends_in_past", "endsAt"],
    [
      { kind: "trial", feature: "sso", startsAt: "2027-01-02T00:00:00Z", endsAt: "2027-01-01T00:00:00Z" },
      422,
      "ends_before_start",
      "endsAt",
    ],
    [{ kind: "trial", feature: "api_calls", days: 1 }, 422, "value_invalid", "value"],
    [{ kind: "trial", feature: "api_calls", days: 1, value: 1.5 }, 422, "value_invalid", "value"],
    [{ kind: "trial", feature: "api_calls", days: 1, value: -1 }, 422, "value_invalid", "value"],
    [{ kind: "trial", feature: "api_calls", days: 1, value: 2 ** 53 }, 422, "value_invalid", "value"],
    [{ kind: "trial", feature: "sso", days: 0 }, 400, "invalid_request", "days"],
    [{ kind: "trial", feature: "sso" }, 400, "invalid_request", "endsAt"],
    [{ kind: "trial", days: 1 }, 400, "invalid_request", "feature"],
    [{ kind: "trial", feature: "sso", endsAt: "tomorrow" }, 400, "invalid_request", "endsAt"],
    [{ kind: "trial", feature: "sso", endsAt: "2026-12-01" }, 400, "invalid_request", "endsAt"],
    [{ kind: "gift", feature: "sso" }, 400, "invalid_request", "kind"],
    [{ kind: "override", feature: "sso" }, 400, "invalid_request", "effect"],
  ])("refuses %j with %i", async (body, status, code, field) => {
    const answer = await grant("acme", body);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toMatchObject({ code, field });
    expect((await api.services.facts.tenant("acme")).facts?.grants).toEqual([]);
  });

  test("is safe to send twice: the second is told that the trial is there already", async () => {
    const body = { kind: "trial", feature: "sso", days: 14 };
    expect((await grant("acme", body)).status).toBe(201);
    const again = await grant("acme", body);
    expect(again.status).toBe(409);
    expect(await again.json()).toMatchObject({ code: "grant_overlaps", field: "feature" });
  });

  test("answers 404 for a tenant or a grant that is not there", async () => {
    expect((await grant("nobody", { kind: "trial", feature: "sso", days: 1 })).status).toBe(404);
    expect((await api.send("POST", "/api/grants/gr_000000000000/end")).status).toBe(404);
    expect((await api.send("POST", "/api/grants/x/end")).status).toBe(400);
  });
});
