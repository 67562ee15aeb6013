import type { CatalogueFile, FileFeature, FilePlan, FileTenant } from "~/core/catalogue/catalogue-file";
import type { CatalogueFacts } from "~/core/model";

/** A boolean feature by default. */
export const on = (name: string, more: Partial<FileFeature> = {}): FileFeature =>
  ({ name, description: null, group: null, flag: null, archived: false, type: "boolean", ...more }) as FileFeature;
export const bundle = (rank: number, gives: Record<string, never> | object = {}, more: Partial<FilePlan> = {}): FilePlan => ({
  kind: "base",
  name: "",
  description: null,
  rank,
  includes: null,
  entries: new Map(Object.entries(gives)),
  archived: false,
  ...more,
});
export const fileOf = (
  features: Record<string, FileFeature>,
  plans: Record<string, FilePlan>,
  tenants: Record<string, FileTenant> = {},
): CatalogueFile => ({
  features: new Map(Object.entries(features)),
  plans: new Map(Object.entries(plans).map(([key, p]) => [key, { ...p, name: p.name || key }])),
  tenants: new Map(Object.entries(tenants)),
});

/** A file equal to the catalogue. */
export function fileFrom(facts: CatalogueFacts): CatalogueFile {
  const features = new Map(
    facts.features.map(({ key, revision, archivedAt, ...f }) => [key, { ...f, archived: archivedAt ?? false } as FileFeature]),
  );
  const plans = new Map(
    facts.plans.map(({ key, revision, archivedAt, entries, ...p }) => [
      key,
      { ...p, entries: new Map(entries.map((e) => [e.feature, e.value])), archived: archivedAt ?? false },
    ]),
  );
  return { features, plans, tenants: new Map() };
}
