/** "a, b and c". */
export const listWords = (items: readonly string[], conjunction = "and"): string =>
  items.length < 2 ? items.join("") : `${items.slice(0, -1).join(", ")} ${conjunction} ${items.at(-1)}`;

/** "a, b and 3 more": at most `max` parts. */
export const listWordsUpTo = (items: readonly string[], max: number): string =>
  listWords(items.length > max ? [...items.slice(0, max - 1), `${items.length - max + 1} more`] : items);

/** Text of at most `max` characters, the last one "…" if it was longer. */
export const shorten = (text: string, max: number) => (text.length <= max ? text : `${text.slice(0, max - 1)}…`);
