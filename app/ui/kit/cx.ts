/** Joins class names. No two of them may set the same property: `tests/large-pages.test.ts`. */
export { clsx as cx } from "clsx";
