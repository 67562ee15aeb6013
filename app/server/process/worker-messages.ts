import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Actor } from "~/core/model";
import type { Authority, Withdrawal } from "~/server/authority.server";
import type { ProposedChange } from "~/server/catalogue/change-effects.server";
import type { Exported, ExportOptions } from "~/server/catalogue/export.server";
import type { Applied, ExpectedRevision, FileText, Previewed } from "~/server/catalogue/import.server";
import type { ProcessStatus } from "./process-status.server";

/** Messages to the worker process. `id` identifies a request that is answered. */
export type WorkerRequest =
  | { kind: "wake" }
  | { kind: "stop" }
  | { kind: "preview"; id: number; file: FileText; withEffects: boolean; hasFlags: boolean }
  | { kind: "export"; id: number; options: ExportOptions }
  | { kind: "auditEntry"; id: number; seq: number }
  | { kind: "status"; id: number }
  /** A job was created. */
  | { kind: "wakeJobs"; id: number }
  | { kind: "effects"; id: number; change: ProposedChange; hasFlags: boolean }
  /** The result is no longer wanted. */
  | { kind: "cancel"; of: number }
  | { kind: "import"; id: number; file: FileText; actor: Actor; authority: Authority | null; expectedRevision: ExpectedRevision };

/**
 * Messages from the worker process. `importing` and `imported`: an import by any process begins and ends. `withdrawn`: the requester may no longer write, and nothing was written. `trouble`:
 * errors its jobs logged, for exception capture.
 */
export type WorkerMessage =
  /** One part of the result. Parts arrive in order, before `done`. */
  | { kind: "part"; id: number; bytes: Uint8Array }
  | { kind: "done"; id: number; result: Applied | Previewed | ChangeEffects | Omit<Exported, "parts"> | ProcessStatus | boolean }
  | { kind: "withdrawn"; id: number; authority: Authority; why: Withdrawal }
  | { kind: "failed"; id: number; error: Error }
  | { kind: "importing"; number: number }
  | { kind: "imported"; number: number }
  | { kind: "trouble"; error: Error; sentence: string };
