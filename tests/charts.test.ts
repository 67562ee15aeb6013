import { expect, test } from "vitest";
import { drawBars, drawColumns } from "~/server/charts/bar-drawing.server";
import { drawLines } from "~/server/charts/line-drawing.server";

test("bars of a stack have one scale, which begins at 0 and ends at a round number", () => {
  const { ticks, bars, width, step } = drawBars([
    [3, 1],
    [0, 0],
    [6, 2],
  ]);
  expect(ticks.map(({ label }) => label)).toEqual(["0", "2", "4", "6", "8"]);
  expect(ticks.map(({ y }) => y)).toEqual([100, 75, 50, 25, 0]);
  expect(bars.map(({ parts }) => parts)).toEqual([
    [
      [62.5, 37.5],
      [50, 12.5],
    ],
    [
      [100, 0],
      [100, 0],
    ],
    [
      [25, 75],
      [0, 25],
    ],
  ]);
  expect(bars[1]?.x).toBeCloseTo((bars[0]?.x ?? 0) + step, 1);
  expect(width).toBeLessThan(step);
});

test("without counts a scale has 0 and 1, and whole numbers only", () => {
  expect(drawBars([[0], [0]]).ticks.map(({ label }) => label)).toEqual(["0", "1"]);
  expect(drawBars([]).bars).toEqual([]);
  expect(drawLines(["2026-11-20"], [[0]]).ticks.map(({ label }) => label)).toEqual(["0", "1"]);
});

test("lines share a scale, and days are named on their own place", () => {
  const days = ["2026-11-17", "2026-11-18", "2026-11-19"];
  const {
    paths,
    ticks,
    days: named,
  } = drawLines(days, [
    [0, 50, 100],
    [10, 10, 10],
  ]);
  expect(paths).toEqual(["M0,1000L500,500L1000,0", "M0,900L500,900L1000,900"]);
  expect(ticks.at(-1)).toEqual({ y: 0, label: "100" });
  expect(named).toEqual([
    { x: 0, label: "17 Nov" },
    { x: 50, label: "18 Nov" },
    { x: 100, label: "19 Nov" },
  ]);
});

test("a thin bar above 0 can be seen, and one of 0 cannot", () => {
  const { columns, size } = drawColumns([0, 1, 1_000], [112, 20]);
  expect(size).toEqual([112, 20]);
  expect(columns.map(([, y, height]) => [y, height])).toEqual([
    [20, 0],
    [18, 2],
    [0, 20],
  ]);
});
