import { answerCell, type CellState } from "~/core/decision/answer-cell";
import type { Decision } from "~/core/decision/decide";
import { limitWords } from "~/core/decision/reason-message";
import type { Feature } from "~/core/model";
import { shorten } from "~/core/text";

/** One letter per state, because a page sends hundreds of cells twice: as HTML and as data. */
export const cellLetters = {
  plan: "p",
  add_on: "a",
  trial: "t",
  override: "o",
  flag: "f",
  limit_reached: "l",
  denied: "d",
  flag_off: "x",
  suspended: "s",
  archived: "z",
  not_included: "-",
} as const satisfies Record<CellState, string>;
export type CellLetter = (typeof cellLetters)[CellState];

/** Max characters of a value in a cell. */
const maxValue = 14;

/** A cell as text: the letter of its state, then the limit or value if there is one. */
export function matrixCell(decision: Decision, feature: Feature): string {
  const { state, text } = answerCell(decision, feature);
  const value = decision.amount ? limitWords(decision.amount.limit) : text;
  return cellLetters[state] + (value === null ? "" : shorten(value, maxValue));
}

export const cellLetterOf = (cell: string) => cell.slice(0, 1) as CellLetter;
export const cellValueOf = (cell: string) => cell.slice(1);
