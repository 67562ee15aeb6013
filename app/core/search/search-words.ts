import type { Json } from "~/core/model";
import { foldText } from "~/core/plain-text";

/** Precedes each word of a stored text, so that the first letter of a word already makes a trigram. */
export const wordMark = "  ";
/** Characters of a tenant's metadata that search reads. */
export const maxMetadataCharacters = 500;

/** The words of a query or a text, folded. */
export const wordsOf = (text: string): string[] => foldText(text).split(/\s+/).filter(Boolean);

type Searched = { name: string; key: string; metadata: { [name: string]: Json } };

/** What search reads of a tenant: its name, key and the texts and numbers of its metadata. */
export function searchedText({ name, key, metadata }: Searched): string {
  return markWords(`${name} ${key} ${metadataText(metadata)}`);
}

/** Words after a hyphen or another sign are added, because a query may begin with them. */
export function markWords(text: string): string {
  const words = wordsOf(text).flatMap((word) => {
    const inner = word.split(/[^\p{L}\p{N}\p{M}]+/u).filter((part) => part !== "" && !word.startsWith(part));
    return [word, ...inner];
  });
  return words.map((word) => wordMark + word).join("");
}

function metadataText(metadata: { [name: string]: Json }): string {
  const texts: string[] = [];
  const collect = (value: Json): void => {
    if (typeof value === "string" || typeof value === "number") texts.push(String(value));
    else if (value !== null && typeof value === "object") Object.values(value).forEach(collect);
  };
  collect(metadata);
  return texts.join(" ").slice(0, maxMetadataCharacters);
}
