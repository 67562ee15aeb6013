import type { Catalogue } from "~/core/catalogue/catalogue";
import { byName } from "~/core/catalogue/feature-list";
import type { Feature } from "~/core/model";
import { searchNamed } from "~/core/search/catalogue-search";
import { wordsOf } from "~/core/search/search-words";
import { meant } from "~/core/search/subjects";
import { day, isoDay } from "~/core/time";
import { type MatrixQuery, maxMatrixColumns } from "~/forms/matrix/matrix-query";
import { maxSearchWords } from "~/forms/search/search-query";
import type { Services } from "~/server/services.server";
import { featuresByChecks } from "~db/store/demand.server";

/** Columns if none are chosen. */
const usualColumns = 12;
/** Range of the most asked features, in days. */
const askedDays = 30;
/** More are read, because some may be archived or gone. */
const maxAsked = 4 * usualColumns;
const maxFound = 8;

/** `from`: how the columns were chosen. `gone`: keys of features that there are not, or that are archived. */
export type MatrixColumns = { features: Feature[]; from: "chosen" | "plan" | "usual"; gone: string[] };

export async function matrixColumns(services: Services, catalogue: Catalogue, query: MatrixQuery): Promise<MatrixColumns> {
  const active = (key: string) => {
    const feature = catalogue.features.get(key);
    return feature && feature.archivedAt === null ? [feature] : [];
  };
  if (query.columns.length > 0) {
    const features = query.columns.flatMap(active).slice(0, maxMatrixColumns);
    const gone = query.columns.filter((key) => active(key).length === 0);
    if (features.length > 0) return { features, from: "chosen", gone };
    return { ...(await usual(services, catalogue, active)), gone };
  }
  const given = catalogue.gives.get(query.of);
  if (given) return { features: [...given.keys()].flatMap(active).sort(byName).slice(0, maxMatrixColumns), from: "plan", gone: [] };
  return { ...(await usual(services, catalogue, active)), gone: [] };
}

/** The most asked features, filled up with others by name. */
async function usual({ db, now }: Services, catalogue: Catalogue, active: (key: string) => Feature[]) {
  const from = isoDay(now() - (askedDays - 1) * day);
  const asked = (await featuresByChecks(db.readAside, db.tables, from, maxAsked)).flatMap(active);
  const others = asked.length < usualColumns ? [...catalogue.features.keys()].flatMap(active).sort(byName) : [];
  return { features: [...new Set([...asked, ...others])].slice(0, usualColumns), from: "usual" as const };
}

/** What a text to add means: one feature, or those that come near. */
export function findColumn(catalogue: Catalogue, text: string): { feature: Feature } | { near: Feature[] } {
  const features = [...catalogue.features.values()].filter(({ archivedAt }) => archivedAt === null);
  const exact = features.find(({ key }) => key === text);
  if (exact) return { feature: exact };
  const words = wordsOf(text).slice(0, maxSearchWords);
  const found = words.length === 0 ? [] : searchNamed(features, words);
  const only = meant(found, words);
  const feature = only && catalogue.features.get(only.key);
  return feature ? { feature } : { near: found.slice(0, maxFound) };
}
