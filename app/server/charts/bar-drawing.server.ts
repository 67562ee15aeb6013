import { scaleBand, scaleLinear } from "d3-scale";
import { stack } from "d3-shape";
import type { BarDrawing, ColumnDrawing } from "~/core/charts/drawings";

const [width, height] = [1_000, 100];
const tickCount = 3;

/** Two decimals: the drawing is stretched to some hundred pixels. */
const rounded = (place: number) => Math.round(place * 100) / 100;

const bandOf = (count: number, end: number) =>
  scaleBand<number>()
    .domain(Array.from({ length: count }, (_, i) => i))
    .range([0, end])
    .paddingInner(0.25)
    .paddingOuter(0.1);

/** Draws bars that are stacks of the same series. Values below 0 are drawn as 0. */
export function drawBars(bars: readonly (readonly number[])[]): BarDrawing {
  const layers = stack<readonly number[], number>()
    .keys((bars[0] ?? []).map((_, series) => series))
    .value((bar, series) => Math.max(0, bar[series] ?? 0))([...bars]);
  const y = scaleLinear()
    .domain([0, Math.max(1, ...layers.flatMap((layer) => layer.map(([, top]) => top)))])
    .nice(tickCount)
    .range([height, 0]);
  const x = bandOf(bars.length, width);
  return {
    ticks: y
      .ticks(tickCount)
      .filter(Number.isInteger)
      .map((tick) => ({ y: rounded(y(tick)), label: tick.toLocaleString("en") })),
    width: rounded(x.bandwidth()),
    step: rounded(x.step()),
    bars: bars.map((_, i) => ({
      x: rounded(x(i) ?? 0),
      parts: layers.map((layer) => {
        const [from = 0, to = 0] = layer[i] ?? [];
        return [rounded(y(to)), rounded(y(from) - y(to))];
      }),
    })),
  };
}

/** Draws thin bars for a line of text. A value above 0 is never so low that it cannot be seen. */
export function drawColumns(values: readonly number[], [width, height]: [number, number]): ColumnDrawing {
  const x = bandOf(values.length, width);
  const tall = scaleLinear()
    .domain([0, Math.max(1, ...values)])
    .range([0, height]);
  const columns = values.map((value, i): [number, number, number] => {
    const size = value > 0 ? rounded(Math.max(height / 10, tall(value))) : 0;
    return [rounded(x(i) ?? 0), rounded(height - size), size];
  });
  return { size: [width, height], width: rounded(x.bandwidth()), columns };
}
