import { describe, expect, test } from "vitest";
import type { Catalogue } from "~/core/catalogue/catalogue";
import type { TenantFacts } from "~/core/model";
import { hour, isoTime } from "~/core/time";
import {
  addOn,
  catalogue,
  configFeature,
  denial,
  feature,
  flagTie,
  frozen,
  lastSeen,
  meteredFeature,
  now,
  override,
  plan,
  tenant,
  trial,
} from "~tests/facts";
import { type Answer, answer, listedFeatures } from "./answer";

const shop = catalogue(
  [meteredFeature("api_calls"), feature("sso")],
  [
    plan("ultimate", {}, { rank: 3, name: "Ultimate", includes: "premium" }),
    plan("starter", { api_calls: 1000 }, { rank: 1, name: "Starter" }),
    plan("premium", { sso: true }, { rank: 2, name: "Premium" }),
  ],
  4711,
);
const acme = tenant({
  plan: "starter",
  revision: 4700,
  grants: [trial("api_calls", { id: "gr_1", value: 10_000, endsAt: Date.parse("2026-12-04T10:00:00.000Z") })],
});

type Question = Partial<Parameters<typeof answer>[0]>;
function ask(question: Question = {}, readings: Parameters<typeof answer>[1] = {}, isStale = false) {
  return answer({ key: "acme", tenant: acme, catalogue: shop, features: null, now, ...question }, readings, isStale);
}

test("a trial over the starter plan and a feature of no plan answer byte for byte as the design writes it", () => {
  const { body } = ask({}, { usage: (feature) => (feature === "api_calls" ? { used: 4532 } : undefined) });
  const written = `{ "tenant": "acme", "plan": "starter", "validUntil": "2026-12-01T00:00:00.000Z", "revision": 4711, "isStale": false,
    "entitlements": {
      "api_calls": { "entitled": true, "type": "metered", "limit": 10000, "used": 4532, "remaining": 5468, "resetPeriod": "month", "resetsAt": "2026-12-01T00:00:00.000Z", "softLimit": false,
                     "source": "trial", "reason": { "code": "trial", "message": "On trial until 4 December 2026." }, "expiresAt": "2026-12-04T10:00:00.000Z", "validUntil": "2026-12-01T00:00:00.000Z",
                     "sources": [ { "source": "plan", "plan": "starter", "limit": 1000 }, { "source": "trial", "grant": "gr_1", "limit": 10000, "expiresAt": "2026-12-04T10:00:00.000Z", "wins": true } ] },
      "sso": { "entitled": false, "type": "boolean", "source": null, "reason": { "code": "not_in_plan", "message": "Not included in Starter. Included in Premium and Ultimate." }, "expiresAt": null, "validUntil": null, "availableIn": ["premium", "ultimate"], "sources": [] } } }`;
  expect(JSON.stringify(body)).toBe(JSON.stringify(JSON.parse(written)));
});

describe("the whole answer", () => {
  test("lists every feature by key, but the archived ones only by name", () => {
    const withOld = catalogue([feature("b"), feature("a"), feature("old", { archivedAt: now })]);
    expect(listedFeatures(withOld)).toEqual(["a", "b"]);
    expect(Object.keys(ask({ catalogue: withOld }).body.entitlements)).toEqual(["a", "b"]);
    expect(ask({ catalogue: withOld, features: ["old"] }).body.entitlements.old?.reason.code).toBe("feature_archived");
  });

  test("has the link to ask if the plan or a limit refuses the feature, and for no other reason", () => {
    const askUrl = "https://acme.example/upgrade";
    const features = [
      feature("no", { askUrl }),
      feature("yes", { askUrl }),
      feature("denied", { askUrl }),
      feature("old", { askUrl, archivedAt: now }),
      meteredFeature("full", {}, { askUrl }),
      feature("without"),
    ];
    const shopWithLinks = catalogue(features, [plan("starter", { yes: true, full: 5 })]);
    const asked = { catalogue: shopWithLinks, features: features.map(({ key }) => key) };
    const denied = tenant({ plan: "starter", grants: [denial("denied")] });
    const linksOf = (question: Question) => {
      const { body } = ask({ ...asked, ...question }, { usage: () => ({ used: 5 }) });
      return Object.entries(body.entitlements).flatMap(([key, { askUrl: link }]) => (link === undefined ? [] : [[key, link]]));
    };
    expect(linksOf({ tenant: denied })).toEqual([
      ["no", askUrl],
      ["full", askUrl],
    ]);
    expect(linksOf({ tenant: { ...denied, status: "suspended" } })).toEqual([]);
    expect(linksOf({ key: "nobody", tenant: null })).toEqual([]);
  });

  test("of a tenant that does not exist still answers what was asked", () => {
    const { body } = ask({ key: "nobody", tenant: null, features: ["sso", "nothing"] });
    expect(body).toMatchObject({ tenant: "nobody", plan: null, validUntil: null, revision: 4711 });
    expect(Object.values(body.entitlements).map((e) => [e.entitled, e.type, e.reason.code])).toEqual([
      [false, null, "tenant_not_found"],
      [false, null, "tenant_not_found"],
    ]);
  });

  test("answers a feature of the name __proto__ without losing it", () => {
    const { body } = ask({ features: ["__proto__", "constructor"] });
    const back: Answer = JSON.parse(JSON.stringify(body));
    expect(Object.getOwnPropertyNames(back.entitlements)).toEqual(["__proto__", "constructor"]);
  });

  test("has the newer of the tenant's and the catalogue's revision", () => {
    expect(ask().body.revision).toBe(4711);
    expect(ask({ tenant: { ...acme, revision: 4712 } }).body.revision).toBe(4712);
  });

  test("is valid until the first of its entries is not", () => {
    const both = { ...acme, grants: [...acme.grants, denial("sso", { endsAt: now + hour })] };
    expect(ask({ tenant: both }).body.validUntil).toBe(isoTime(now + hour));
    expect(ask({ features: ["sso"] })).toMatchObject({ validUntil: null, body: { validUntil: null } });
  });

  test("is stale when the facts are, or when one flag is", () => {
    const flagged = catalogue([feature("f", { flag: flagTie("grant") }), feature("g")]);
    const reading = { flag: (key: string) => (key === "the-flag" ? lastSeen("on", now) : undefined) };
    expect(ask({ catalogue: flagged }, reading).body).toMatchObject({ isStale: true, entitlements: { f: { isStale: true } } });
    expect(ask({ catalogue: flagged, features: ["g"] }, reading).body.isStale).toBe(false);
    expect(ask({}, {}, true).body.isStale).toBe(true);
  });

  test("asks for 1 more unless told", () => {
    const reached = (requested?: number) => ask({ requested }, { usage: () => ({ used: 9_990 }) }).decisions[0]?.reason;
    expect([reached(), reached(10), reached(11)]).toEqual(["trial", "trial", "limit_reached"]);
  });

  test("changes nothing of what it reads", () => {
    expect(() => ask({ tenant: frozen(structuredClone(acme)) })).not.toThrow();
  });
});

describe("one entry", () => {
  const entry = (f: Catalogue, who: Partial<TenantFacts>, readings: Parameters<typeof answer>[1] = {}) =>
    JSON.stringify(ask({ catalogue: f, tenant: { ...acme, plan: "p", ...who }, features: ["f"] }, readings).body.entitlements.f);
  const reset = `"resetPeriod":"month","resetsAt":"2026-12-01T00:00:00.000Z","softLimit":false`;

  test("a config feature gives its value, from whom it is inherited, and each source's own", () => {
    const f = catalogue(
      [configFeature("f", { kind: "number", better: "higher" })],
      [plan("q", { f: 5 }, { name: "Q" }), plan("p", {}, { name: "P", includes: "q" })],
    );
    expect(entry(f, { grants: [trial("f", { value: 3, endsAt: now + hour })] })).toBe(
      `{"entitled":true,"type":"config","value":5,"source":"plan","reason":{"code":"plan","message":"Part of P, from Q."},` +
        `"expiresAt":null,"validUntil":"2026-11-20T11:00:00.000Z",` +
        `"sources":[{"source":"plan","plan":"p","from":"q","value":5,"wins":true},` +
        `{"source":"trial","grant":"gr_trial","value":3,"expiresAt":"2026-11-20T11:00:00.000Z"}]}`,
    );
  });

  test("a reached limit tells the amount and where there is more", () => {
    const f = catalogue([meteredFeature("f")], [plan("p", { f: 1 }), plan("q", { f: "unlimited" }, { rank: 20 }), addOn("x", { f: 1 })]);
    expect(entry(f, {}, { usage: () => ({ used: 1 }) })).toBe(
      `{"entitled":false,"type":"metered","limit":1,"used":1,"remaining":0,${reset},"source":"plan",` +
        `"reason":{"code":"limit_reached","message":"The limit of 1 is reached."},"expiresAt":null,"validUntil":"2026-12-01T00:00:00.000Z",` +
        `"availableIn":["q","x"],"sources":[{"source":"plan","plan":"p","limit":1,"wins":true}]}`,
    );
  });

  test("an unlimited override says so in words, and a flag under it shows what it would give", () => {
    const f = catalogue([meteredFeature("f", {}, { flag: flagTie("grant") })], [plan("p")]);
    const flag = () => lastSeen("on", now, { payload: 9 });
    expect(entry(f, { grants: [override("f", { value: "unlimited" })] }, { flag })).toBe(
      `{"entitled":true,"type":"metered","limit":"unlimited","used":0,"remaining":"unlimited",${reset},"source":"override",` +
        `"reason":{"code":"override","message":"Allowed by an override."},"expiresAt":null,"validUntil":"2026-11-21T10:00:00.000Z","isStale":true,` +
        `"sources":[{"source":"override","grant":"gr_override","effect":"allow","limit":"unlimited","expiresAt":null,"wins":true},` +
        `{"source":"flag","flag":"the-flag","state":"on","isStale":true,"limit":9}]}`,
    );
  });

  test("a boolean feature's sources carry no value, and a flag that is not asked says so", () => {
    const f = catalogue([feature("f", { flag: flagTie("grant") })], [plan("p", { f: true })]);
    expect(entry(f, { grants: [] })).toBe(
      `{"entitled":true,"type":"boolean","source":"plan","reason":{"code":"plan","message":"Part of p."},"expiresAt":null,"validUntil":null,` +
        `"sources":[{"source":"plan","plan":"p","wins":true},{"source":"flag","flag":"the-flag","state":"not_asked"}]}`,
    );
  });
});
