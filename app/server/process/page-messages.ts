import type { FlagReading } from "~/core/model";
import type { FlagReport } from "~/server/posthog/flags/flags.server";
import type { ServerStatus } from "./process-status.server";

/** What the page process asks the server, which answers checks and asks PostHog about flags. */
export type PageQuestion =
  /** Writes check counts and last flag values that are still in memory. */
  | { kind: "flush" }
  /** Flag readings of a tenant at this revision or a later one. */
  | { kind: "flags"; tenant: string; revision: number; user: string | undefined; features: readonly string[] | null }
  | { kind: "flagReport"; tenant: string | undefined }
  | { kind: "status" };

export type PageAnswers = {
  flush: null;
  flags: ReadonlyMap<string, FlagReading>;
  flagReport: FlagReport;
  status: ServerStatus;
};

/** Messages from the page process. `wake`: a commit queued something for PostHog. */
export type PageMessage = { kind: "ready" } | { kind: "wake" } | { kind: "ask"; id: number; question: PageQuestion };

/** Messages to the page process. `open`: the database is migrated. `definitions`: new flag definitions were stored. */
export type PageOrder =
  | { kind: "open" }
  | { kind: "answer"; id: number; result: PageAnswers[PageQuestion["kind"]] }
  | { kind: "failed"; id: number; error: Error }
  /** The start and the end of an import. Writes wait in between. */
  | { kind: "hold" | "release"; number: number }
  | { kind: "definitions" }
  | { kind: "stop" };
