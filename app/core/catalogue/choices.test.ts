import { expect, test } from "vitest";
import { packChoices, shortChoices, unpackChoices } from "./choices";

test("choices are the same after packing, whatever their names hold", () => {
  const choices = [
    { key: "sso", name: "Single sign-on" },
    { key: "a.b_c-d", name: ' Leading, "quoted"\ttab' },
    { key: "x", name: "名前 עברית" },
  ];
  expect(unpackChoices(packChoices(choices))).toEqual(choices);
  expect(unpackChoices(packChoices([]))).toEqual([]);
  expect(unpackChoices(packChoices([{ key: "a", name: "two\nlines" }]))).toEqual([{ key: "a", name: "two lines" }]);
});

test("a list has up to 60 choices", () => {
  const choices = Array.from({ length: 60 }, (_, i) => ({ key: `k${i}`, name: `N${i}`, more: true }));
  expect(shortChoices(choices)?.[59]).toEqual({ key: "k59", name: "N59" });
  expect(shortChoices([...choices, { key: "k", name: "N" }])).toBeNull();
});
