import type { Value } from "./model";

/** What a plan gives of a feature; `from` is the name of the plan whose entry it is, itself or an included one. */
export type Given = { value: Value; text: string; from: string; own: boolean } | null;

/** "10,000 calls, from Starter" */
export function givenWords(given: Given): string {
  if (!given) return "not given";
  return given.own ? given.text : `${given.text}, from ${given.from}`;
}
