import type { ChangeEffects } from "~/core/effect-words";
import type { Actor } from "~/core/model";
import type { Authority, Withdrawal } from "./authority.server";
import type { ProposedChange } from "./change-effects.server";
import type { Applied, ExpectedRevision, FileText, Previewed } from "./import.server";

/** To the process that works in the background. `id`: of an order that is answered. */
export type Order =
  | { kind: "wake" }
  | { kind: "stop" }
  | { kind: "preview"; id: number; file: FileText; withEffects: boolean; hasFlags: boolean }
  | { kind: "effects"; id: number; change: ProposedChange; hasFlags: boolean }
  /** The result is no longer wanted. */
  | { kind: "cancel"; of: number }
  | { kind: "import"; id: number; file: FileText; actor: Actor; authority: Authority | null; expectedRevision: ExpectedRevision };

/** From it. `withdrawn`: whoever asked may no longer write, and nothing was written. `trouble`: what its jobs have written to the log, for whoever collects exceptions. */
export type Word =
  | { kind: "done"; id: number; result: Applied | Previewed | ChangeEffects }
  | { kind: "withdrawn"; id: number; authority: Authority; why: Withdrawal }
  | { kind: "failed"; id: number; error: Error }
  | { kind: "trouble"; error: Error; sentence: string };
