import { z } from "zod";
import { type FeatureFilter, type FeatureSort, featureSorts } from "~/core/catalogue/feature-list";
import { featureTypes } from "~/core/model";

const text = z.string().trim().max(200);
const type = z.enum(featureTypes);

/** Reads the filter from a URL; invalid values are ignored. */
export function readFeatureFilter(params: URLSearchParams): FeatureFilter {
  const group = text.min(1).safeParse(params.get("group"));
  return {
    search: text.safeParse(params.get("q")).data ?? "",
    group: group.success ? group.data : null,
    type: type.safeParse(params.get("type")).data ?? null,
    archived: params.get("status") === "archived",
  };
}

export function readSort(params: URLSearchParams): { id: FeatureSort; desc: boolean } {
  const asked = params.get("sort") ?? "";
  const id = z.enum(featureSorts).safeParse(asked.replace(/^-/, ""));
  return id.success ? { id: id.data, desc: asked.startsWith("-") } : { id: "name", desc: false };
}

/** A page number, starting at 1. */
export function readPage(params: URLSearchParams, name = "page"): number {
  return z.coerce.number().int().min(1).max(1_000_000).safeParse(params.get(name)).data ?? 1;
}
