import { scaleLinear, scaleUtc } from "d3-scale";
import { line } from "d3-shape";
import type { LineDrawing } from "~/core/charts/drawings";
import { day, isoDay } from "~/core/time";

const [width, height] = [1_000, 1_000];
const tickCount = 3;
const dayTickCount = 6;

/** Draws series of counts on the same days, YYYY-MM-DD. */
export function drawLines(days: readonly string[], series: readonly (readonly number[])[]): LineDrawing {
  const y = scaleLinear()
    .domain([0, Math.max(1, ...series.flat())])
    .nice(tickCount)
    .rangeRound([height, 0]);
  const ends = [days[0], days.at(-1)].map((end) => new Date(end ?? 0));
  const x = scaleUtc().domain(ends).rangeRound([0, width]);
  const path = line<number>()
    .x((_, i) => x(new Date(days[i] ?? 0)))
    .y((value) => y(value));
  return {
    paths: series.map((values) => path([...values]) ?? ""),
    ticks: y
      .ticks(tickCount)
      .filter(Number.isInteger)
      .map((tick) => ({ y: (100 * y(tick)) / height, label: tick.toLocaleString("en") })),
    days: x
      .ticks(Math.min(dayTickCount, days.length))
      .filter((at) => days.includes(isoDay(at.getTime())) && at.getTime() % day === 0)
      .map((at) => ({
        x: (100 * x(at)) / width,
        label: at.toLocaleDateString("en-GB", { day: "numeric", month: "short", timeZone: "UTC" }),
      })),
  };
}
