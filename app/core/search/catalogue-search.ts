import type { Instant } from "~/core/model";
import { foldText } from "~/core/plain-text";
import { markWords, wordMark } from "./search-words";

type Named = { key: string; name: string; archivedAt: Instant | null };
type Folded = { key: string; name: string; words: string };

// An object of the catalogue never changes: a change makes a new one.
const folded = new WeakMap<Named, Folded>();

function foldedOf(one: Named): Folded {
  const known = folded.get(one);
  if (known) return known;
  const made = { key: foldText(one.key), name: foldText(one.name), words: markWords(`${one.name} ${one.key}`) };
  folded.set(one, made);
  return made;
}

/** Features or plans that hold all words, best first as in the search of tenants; archived ones last. */
export function searchNamed<T extends Named>(all: Iterable<T>, words: readonly string[]): T[] {
  const whole = words.join(" ");
  const ranked: { one: T; rank: number }[] = [];
  for (const one of all) {
    const rank = rankOf(foldedOf(one), words, whole);
    if (rank !== null) ranked.push({ one, rank: rank + (one.archivedAt === null ? 0 : 10) });
  }
  return ranked.sort((a, b) => a.rank - b.rank || (a.one.name < b.one.name ? -1 : 1)).map(({ one }) => one);
}

function rankOf(text: Folded, words: readonly string[], whole: string): number | null {
  if (!words.every((word) => text.words.includes(word))) return null;
  if (text.key === whole) return 0;
  if (text.name.startsWith(whole)) return 1;
  if (text.key.startsWith(whole)) return 2;
  return words.every((word) => text.words.includes(wordMark + word)) ? 3 : 4;
}
