/** Characters of a word that a near match shares. */
const minShared = 3;

/** What to try after a search that found nothing, in turn: what begins alike, then each of the longest words alone. */
export function nearWords(words: readonly string[]): string[][] {
  const shortened = words.map((word) => [...word].slice(0, Math.max(minShared, Math.ceil([...word].length * 0.6))).join(""));
  const longest = [...words].sort((a, b) => b.length - a.length).slice(0, 2);
  return [shortened, ...(words.length > 1 ? longest.map((word) => [word]) : [])];
}
