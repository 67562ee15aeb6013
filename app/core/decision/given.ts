import type { Value } from "~/core/model";

/** A plan's value of a feature. `from` names the plan whose entry it is, itself or an included one. */
export type Given = { value: Value; text: string; from: string; own: boolean } | null;

/** For example "10,000 calls, from Starter". */
export function givenWords(given: Given): string {
  if (!given) return "not given";
  return given.own ? given.text : `${given.text}, from ${given.from}`;
}
