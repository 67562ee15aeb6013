import { expect, test } from "vitest";
import type { Json } from "~/core/model";
import { isoDay } from "~/core/time";
import { activityPhrase } from "./activity-phrase";

const names = {
  subject: "Acme",
  feature: (key: string) => ({ sso: "Single sign-on", api: "API calls" })[key] ?? key,
  plan: (key: string) => ({ starter: "Starter", pro: "Pro", support: "Premium support" })[key] ?? key,
  date: isoDay,
};
const end = Date.UTC(2026, 11, 13);
const grant = (feature: string, more: object = {}) => ({
  id: `gr_${feature}`,
  feature,
  kind: "trial",
  endsAt: end,
  extends: null,
  ...more,
});
const say = (action: string, after: Json = null, before: Json = null, subjectKind = "tenant") =>
  activityPhrase({ action, subjectKind, before, after }, names);

test.each<[string, string]>([
  [say("trial.granted", { grants: [grant("sso")] }), "granted a trial of Single sign-on for Acme until 2026-12-13"],
  [
    say("trial.granted", { grants: ["sso", "api", "x", "y", "z"].map((key) => grant(key)) }),
    "granted a trial of Single sign-on, API calls, x and 2 more for Acme until 2026-12-13",
  ],
  [
    say("trial.granted", { grants: [grant("sso"), grant("api", { endsAt: end + 1 })] }),
    "granted a trial of Single sign-on and API calls for Acme",
  ],
  [
    say("trial.extended", { grants: [grant("sso", { endsAt: 5, endedAt: 3 }), grant("sso", { id: "gr_new", extends: "gr_sso" })] }),
    "extended Single sign-on for Acme to 2026-12-13",
  ],
  [say("trial.ended", { grants: [grant("sso")] }), "ended the trial of Single sign-on for Acme"],
  [say("override.set", { grants: [grant("sso", { effect: "deny", endsAt: null })] }), "denied Single sign-on for Acme"],
  [say("override.set", { grants: [grant("sso", { effect: "allow" })] }), "allowed Single sign-on for Acme until 2026-12-13"],
  [say("override.ended", { grants: [grant("sso")] }), "ended the override of Single sign-on for Acme"],
  [say("tenant.plan_changed", { plan: "pro" }, { plan: "starter" }), "changed the plan of Acme from Starter to Pro"],
  [say("tenant.plan_changed", { plan: null }, { plan: "starter" }), "changed the plan of Acme from Starter to no plan"],
  [say("tenant.plan_changed", { addOns: [{ plan: "support" }] }, { addOns: [] }), "added the add-on Premium support of Acme"],
  [
    say("tenant.plan_changed", { plan: "pro", addOns: [] }, { plan: null, addOns: [{ plan: "support" }] }),
    "changed the plan of Acme from no plan to Pro and removed the add-on Premium support",
  ],
  [say("tenant.updated", { name: "A", metadata: {} }, { name: "B", metadata: {} }), "changed the name and the metadata of Acme"],
  [say("tenant.updated", { name: "Acme Ltd" }, { name: "Acme" }), "renamed Acme to Acme Ltd"],
  [say("tenant.suspended"), "suspended Acme"],
  [say("plan.entries_changed", null, null, "plan"), "changed features of the plan Acme"],
  [say("feature.archived", null, null, "feature"), "archived the feature Acme"],
  [say("api_key.created", null, null, "api_key"), "created the API key Acme"],
  [say("admin.role_changed", { role: "owner" }, { role: "admin" }, "admin"), "changed the role of Acme from admin to owner"],
  [say("admin.signed_in", null, null, "admin"), "signed in"],
  [say("something.new_happened"), "something new happened"],
])("an entry reads %j", (phrase, expected) => expect(phrase).toBe(expected));

test("on its own page the subject is not repeated", () => {
  const own = (action: string, after: Json = null, subjectKind = "tenant") =>
    activityPhrase({ action, subjectKind, before: null, after }, names, { isOwnPage: true });
  expect(own("trial.granted", { grants: [grant("sso")] })).toBe("granted a trial of Single sign-on until 2026-12-13");
  expect(own("tenant.suspended")).toBe("suspended this tenant");
  expect(own("tenant.updated", { name: "A" })).toBe("changed the name");
  expect(own("feature.updated", null, "feature")).toBe("edited this feature");
});

test("an entry whose documents are too large to be read still has a phrase", () => {
  for (const action of ["trial.granted", "override.set", "tenant.plan_changed", "tenant.updated"]) {
    expect(say(action)).toMatch(/^[a-z].*Acme$/);
  }
});
