import { wordsOf } from "~/core/search/search-words";
import type { NavItem } from "~/ui/shell/nav";

/** Pages whose names hold all words. */
export const findPages = (pages: readonly NavItem[], words: readonly string[]): NavItem[] =>
  pages.filter(({ label, also = "" }) => {
    const text = wordsOf(`${label} ${also}`).join(" ");
    return words.every((word) => text.includes(word));
  });
