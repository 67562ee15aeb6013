import { z } from "zod";
import { wordsOf } from "~/core/search/search-words";

const maxCharacters = 200;
/** Each word is a condition of its own. */
export const maxSearchWords = 8;

const tooLong = `Search for up to ${maxCharacters} characters.`;
const tooMany = `Search for up to ${maxSearchWords} words.`;

/** `problem`: why nothing was searched for, as a sentence. */
export type SearchQuery = { q: string; words: string[]; problem: string | null };

export function readSearchQuery(params: URLSearchParams): SearchQuery {
  const q = (params.get("q") ?? "").trim();
  if (q.length > maxCharacters) return { q: q.slice(0, maxCharacters), words: [], problem: tooLong };
  const words = wordsOf(q);
  return words.length > maxSearchWords ? { q, words: [], problem: tooMany } : { q, words, problem: null };
}

/** `q` of GET /api/search. */
export const searchText = z
  .string("Say what to search for, as q.")
  .max(maxCharacters, tooLong)
  .transform((text, ctx) => {
    const words = wordsOf(text);
    if (words.length > 0 && words.length <= maxSearchWords) return words;
    ctx.addIssue({ code: "custom", message: words.length === 0 ? "Say what to search for, as q." : tooMany });
    return z.NEVER;
  });
