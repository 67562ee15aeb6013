import fc from "fast-check";
import { expect, test } from "vitest";
import { errorMessages } from "~/forms/error-messages";
import { checkItem, readChecks } from "./checks";

const key = fc.constantFrom("sso", "calls", "no key", "", 5, null);
const list = fc.oneof(fc.constant(["sso", "calls"]), fc.array(key, { maxLength: 3 }), fc.constant("sso"), fc.constant(undefined));
const check = fc.oneof(
  fc.record({
    tenant: fc.constantFrom("acme", "globex", "", undefined),
    features: list,
    feature: fc.constantFrom(undefined, undefined, "sso"),
    requested: fc.constantFrom(undefined, 1, -1),
  }),
  fc.constantFrom(null, 7, "acme", []),
);

test("many checks are each read as one alone is, whatever lists came before", () => {
  fc.assert(
    fc.property(fc.array(check, { maxLength: 8 }), (sent) => {
      type Read = { success: boolean; data?: unknown; error?: { issues: readonly unknown[] } };
      const plain = ({ success, data, error }: Read) => ({ success, data, issue: error?.issues[0] });
      expect(readChecks(sent).map(plain)).toEqual(sent.map((one) => plain(checkItem.safeParse(one, errorMessages))));
    }),
    { numRuns: 2_000 },
  );
});

test("a list that is the one before is not read again", () => {
  const features = () => ["sso", "calls"];
  const [a, b, c] = readChecks([
    { tenant: "acme", features: features() },
    { tenant: "globex", features: features() },
    { tenant: "x", features: ["sso"] },
  ]);
  expect(b?.data?.features).toBe(a?.data?.features);
  expect(c?.data?.features).toEqual(["sso"]);
});
