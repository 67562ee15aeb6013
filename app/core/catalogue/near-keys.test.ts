import { expect, test } from "vitest";
import { catalogue, feature } from "~tests/facts";
import { nearKeys } from "./near-keys";

const { features } = catalogue(
  [
    feature("single_sign_on", { name: "Single sign-on" }),
    feature("sso.group", { name: "Group sync" }),
    feature("audit-log", { name: "Audit trail" }),
    feature("zebra", { name: "Überblick" }),
    feature("audit-old", { name: "Audit of old", archivedAt: 1 }),
  ],
  [],
);
const near = (key: string) => nearKeys(features, key).map((one) => one.key);

test.each([
  ["single_sign_onn", ["single_sign_on"]],
  ["SSO", ["sso.group"]],
  ["audit", ["audit-log", "audit-old"]],
  ["audit-trial", ["audit-log", "audit-old"]],
  ["uberblick", ["zebra"]],
  ["qqqqq", []],
  ["", []],
  ["%", []],
  ["\0", []],
])("near %j is %j", (key, expected) => {
  expect(near(key)).toEqual(expected);
});
