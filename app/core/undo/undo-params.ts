import type { JobItemState } from "~/core/jobs/job";
import type { Act } from "~/core/permissions";

/** Parameters of a job that undoes an act. Plain data, so that it can be stored with the job. */
export type UndoParams = {
  /** The entry that was asked about, and the act that it is part of. */
  seq: number;
  changeSet: string;
  /** The act's newest entry. */
  lastSeq: number;
  /** Its entries about the catalogue, oldest first. */
  catalogue: number[];
  /** Its entries about tenants, and one for the catalogue. */
  total: number;
  /** The right that it needs. */
  right: Act;
  /** What the act was, if it was a job. */
  summary: string | null;
  /** Goes on although parts stay. Otherwise all tenants are looked at first, and nothing is written if a part stays. */
  partial: boolean;
  /** Time zone of the results. */
  zone: string;
  /** Only tenants with this result in another undo of the same act. */
  only: { job: string; state: Exclude<JobItemState, "done"> } | null;
};

/** The subject of the catalogue's result. No tenant has an empty key. */
export const catalogueSubject = "";

/** "Undo of entry 120: Grant a trial of SSO for 14 days" */
export const describeUndo = ({ seq, summary }: Pick<UndoParams, "seq" | "summary">): string =>
  `Undo of entry ${seq}${summary === null ? "" : `: ${summary}`}`;

/** The reason that the undo's entries in the audit log have. */
export const whyUndone = (seq: number, note: string | null | undefined): string =>
  note ? `Undo of entry ${seq}: ${note}` : `Undo of entry ${seq}`;
