import { expect, test } from "vitest";
import { groupSections } from "./group-sections";

const rows = (sizes: [string | null, number][]) => sizes.flatMap(([group, n]) => Array.from({ length: n }, (_, i) => ({ group, i })));

test("few rows are all open, by group", () => {
  const { sections, isClosed, total } = groupSections(
    rows([
      ["A", 2],
      [null, 1],
    ]),
    null,
    1,
  );
  expect([isClosed, total]).toEqual([false, 3]);
  expect(sections.map(({ group, total, rows }) => [group, total, rows?.length])).toEqual([
    ["A", 2, 2],
    [null, 1, 1],
  ]);
});

test("many rows are groups with counts until one is opened, and an empty name opens the rows without a group", () => {
  const all = rows([
    ["A", 60],
    ["B", 3],
    [null, 2],
  ]);
  expect(groupSections(all, null, 1).sections).toEqual([
    { group: "A", total: 60, rows: null },
    { group: "B", total: 3, rows: null },
    { group: null, total: 2, rows: null },
  ]);
  expect(groupSections(all, "", 1).sections.map(({ group, rows }) => [group, rows?.length])).toEqual([[null, 2]]);
  expect(groupSections(all, "gone", 1)).toMatchObject({ sections: [], total: 0, page: 1 });
});

test("a page has at most 50 rows or groups, and past the end it is the last one", () => {
  const all = rows([
    ["A", 60],
    ["B", 3],
  ]);
  const second = groupSections(all, "A", 9);
  expect([second.page, second.total, second.sections[0]?.rows?.length]).toEqual([2, 60, 10]);
  const groups = groupSections(rows(Array.from({ length: 120 }, (_, i) => [`g${i}`, 1])), null, 3);
  expect([groups.page, groups.total, groups.sections.length]).toEqual([3, 120, 20]);
});
