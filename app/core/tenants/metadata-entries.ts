import type { Json } from "~/core/model";

/** What can be found by a filter. Other entries are only shown. */
export const maxMetadataEntries = 50;
export const maxMetadataKey = 100;
export const maxMetadataValue = 200;

/** A value of metadata as text; null for what is not a text, a number or a boolean. */
export function metadataText(value: Json | undefined): string | null {
  if (typeof value === "string") return value;
  return typeof value === "number" || typeof value === "boolean" ? String(value) : null;
}

const isWithin = (text: string, max: number) => text.length <= max || (text.length <= 2 * max && [...text].length <= max);

/** The entries of metadata that a filter finds, in their order. */
export function metadataEntries(metadata: { [key: string]: Json }): { key: string; value: string }[] {
  const found: { key: string; value: string }[] = [];
  for (const [key, json] of Object.entries(metadata)) {
    if (found.length === maxMetadataEntries) break;
    const value = metadataText(json);
    if (value !== null && isWithin(key, maxMetadataKey) && isWithin(value, maxMetadataValue)) found.push({ key, value });
  }
  return found;
}
