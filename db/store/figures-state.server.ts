import type { Instant, Json } from "~/core/model";
import type { Queries } from "../database";
import type { Schema } from "../schema";
import { readSetting, writeSetting } from "./settings.server";

const setting = "usage_figures";

/** How far the figures have been brought. */
export type FiguresState = {
  /** The newest change of a tenant or the catalogue that they contain. */
  changesSeq: number;
  /** The cursor of the usage totals that they contain; see `totalsReader`. */
  totals: string;
  /** All tenants after this key have to be computed again; null if none. */
  sweepAfter: string | null;
  /** The check counts of all tenants after this key have to be counted again; null if none. */
  resetAfter: string | null;
  /** When they last contained everything. 0: never. */
  completedAt: Instant;
};

/** Null before the first pass. */
export async function readFiguresState(q: Queries, t: Schema): Promise<FiguresState | null> {
  return (await readSetting(q, t, setting)) as FiguresState | null;
}

export async function writeFiguresState(tx: Queries, t: Schema, state: FiguresState): Promise<void> {
  await writeSetting(tx, t, setting, state as unknown as Json);
}
