import type { ChangeEffects } from "~/core/catalogue/effect-words";
import type { Actor } from "~/core/model";
import type { Authority } from "~/server/authority.server";
import type { ProposedChange } from "~/server/catalogue/change-effects.server";
import type { Exported, ExportOptions } from "~/server/catalogue/export.server";
import type { Applied, ExpectedRevision, FileText, Previewed } from "~/server/catalogue/import.server";
import type { ProcessStatus } from "./process-status.server";
import type { WorkerRequest } from "./worker-messages";

/** Sends an order to the worker process and resolves with its result. `signal` cancels it. */
export type AskWorker = <T>(
  order: (id: number) => Extract<WorkerRequest, { id: number }>,
  signal?: AbortSignal,
  onPart?: (bytes: Uint8Array) => void,
) => Promise<T>;

/** The orders of the worker process, over any connection to it. */
export function workerOrders(ask: AskWorker) {
  return {
    preview: (file: FileText, withEffects = false, hasFlags = false, signal?: AbortSignal) =>
      ask<Previewed>((id) => ({ kind: "preview", id, file, withEffects, hasFlags }), signal),
    effects: (change: ProposedChange, hasFlags: boolean, signal?: AbortSignal) =>
      ask<ChangeEffects>((id) => ({ kind: "effects", id, change, hasFlags }), signal),
    async export(options: ExportOptions, signal?: AbortSignal): Promise<Exported> {
      const parts: Uint8Array[] = [];
      const order = (id: number) => ({ kind: "export", id, options }) as const;
      const rest = await ask<Omit<Exported, "parts">>(order, signal, (bytes) => parts.push(bytes));
      return { ...rest, parts };
    },
    /** The entry as JSON in parts, or null if there is none. */
    async auditEntry(seq: number, signal?: AbortSignal): Promise<Uint8Array[] | null> {
      const parts: Uint8Array[] = [];
      const order = (id: number) => ({ kind: "auditEntry", id, seq }) as const;
      const isThere = await ask<boolean>(order, signal, (bytes) => parts.push(bytes));
      return isThere ? parts : null;
    },
    status: (signal?: AbortSignal) => ask<ProcessStatus>((id) => ({ kind: "status", id }), signal),
    wakeJobs: () => ask<boolean>((id) => ({ kind: "wakeJobs", id })),
    import: (file: FileText, actor: Actor, authority: Authority | null, expectedRevision: ExpectedRevision) =>
      ask<Applied>((id) => ({ kind: "import", id, file, actor, authority, expectedRevision })),
  };
}
