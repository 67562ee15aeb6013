/** Lines over UTC days on one scale, computed on the server. Paths are in a square of 1,000 by 1,000, places in per cent. */
export type LineDrawing = {
  /** Path of each series. */
  paths: string[];
  /** Horizontal lines: their place from the top and the value. */
  ticks: { y: number; label: string }[];
  /** Days that are named below: their place from the left. */
  days: { x: number; label: string }[];
};

/** Thin bars without a scale beside them: place from the left, from the top, and height, in a drawing of a given size. */
export type ColumnDrawing = { size: [width: number, height: number]; width: number; columns: [x: number, y: number, height: number][] };

/** Stacked bars on one scale, in a drawing 1,000 wide and 100 high. `step`: from the start of a bar to that of the next. */
export type BarDrawing = {
  ticks: LineDrawing["ticks"];
  width: number;
  step: number;
  /** Each bar's place from the left, and the place from the top and the height of each of its parts. */
  bars: { x: number; parts: [y: number, height: number][] }[];
};
