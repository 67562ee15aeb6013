import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { expect, test } from "vitest";
import type { ReasonCode } from "~/core/decision/decide";
import { Meter } from "~/ui/kit/meter";
import { DecisionMark } from "~/ui/kit/status";

test("red marks a denial, and a quiet dash a feature that nothing gives", () => {
  const mark = (entitled: boolean, reason: ReasonCode) => renderToStaticMarkup(createElement(DecisionMark, { entitled, reason }));
  expect(mark(true, "plan")).toMatch(/bg-yes-soft.*Yes/);
  for (const reason of ["override", "tenant_suspended", "limit_reached"] as const)
    expect(mark(false, reason), reason).toMatch(/bg-no-soft.*No/);
  expect(mark(false, "not_in_plan")).toMatch(/lucide-minus.*No/);
  expect(mark(false, "not_in_plan")).not.toContain("text-no");
});

test("a meter is as wide as its class says", () => {
  const meter = (className?: string) => renderToStaticMarkup(createElement(Meter, { value: 1, of: 2, label: "Half", className }));
  expect(meter("w-14")).not.toContain("w-full");
  expect(meter()).toContain("w-full");
});
