import type { Value } from "~/core/model";

/** A plan's value of a feature. `from` names the plan whose entry it is, itself or an included one. */
export type Given = { value: Value; text: string; from: string; own: boolean } | null;
