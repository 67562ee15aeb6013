import { wordsOf } from "~/core/search/search-words";
import { type NavItem, navItems } from "~/ui/shell/nav";

/** Pages whose names hold all words. */
export const findPages = (hasPosthog: boolean, words: readonly string[]): NavItem[] =>
  navItems(hasPosthog).filter(({ label, also = "" }) => {
    const text = wordsOf(`${label} ${also}`).join(" ");
    return words.every((word) => text.includes(word));
  });
