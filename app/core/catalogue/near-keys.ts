import type { Feature, Plan } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { searchNamed } from "~/core/search/catalogue-search";

type NearKey = { key: string; name: string };

const maxNear = 5;
/** Characters of a key that a near one shares. */
const minShared = 3;
/** Max words tried alone. Each try reads all features or plans. */
const maxAlone = 3;

/** Features or plans whose key or name begins like `key`, or holds one of its words, active ones first. */
export function nearKeys<T extends Feature | Plan>(all: ReadonlyMap<string, T>, key: string): NearKey[] {
  const folded = foldText(key.slice(0, 200)).trim();
  const words = folded.split(/[^\p{L}\p{N}\p{M}]+/u).filter(Boolean);
  const shortened = (word: string) => [...word].slice(0, Math.max(minShared, Math.ceil([...word].length * 0.6))).join("");
  const longest = words
    .filter((word) => [...word].length >= minShared)
    .sort((a, b) => b.length - a.length)
    .slice(0, maxAlone);
  for (const tried of [[folded], words, words.map(shortened), ...longest.map((word) => [shortened(word)])]) {
    if (tried.length === 0 || tried.includes("")) continue;
    const found = searchNamed(all.values(), tried);
    if (found.length > 0) return found.slice(0, maxNear).map(({ key, name }) => ({ key, name }));
  }
  return [];
}
