import type { Catalogue } from "~/core/catalogue/catalogue";
import { type FlagState, nothing } from "./flag-readings";
import type { LastValues } from "./last-known-values.server";
import type { Noted } from "./reading-history.server";

/** Cached flag values of a tenant, or of one of its users (person flags only). */
export type FlagEntry = {
  user: string | undefined;
  state: FlagState;
  last: LastValues;
  noted: Noted;
  /** The last state whose readings were all recorded. */
  notedState: FlagState | undefined;
  /** By a monotonic clock, in ms. */
  checkedAt: number;
  /** The revision the state was evaluated with. */
  revision: number;
  catalogue: Catalogue | undefined;
  epoch: number;
  refreshing: Promise<void> | undefined;
  /** Set while local evaluation runs again. */
  catchingUp: Promise<void> | undefined;
  /** Flags of the last completed refresh. */
  askedFlags: readonly string[];
  /** The catalogue whose linked flags were last compared with `askedFlags`. */
  metCatalogue: Catalogue | undefined;
  /** Set while newly linked flags are evaluated for the first time. */
  meetingFlags: Promise<void> | undefined;
  /** True if the last local evaluation left a flag open. */
  needsPosthog: boolean;
  /** Joined with the tenant's state; reused while both are unchanged. */
  both: { ofTenant: FlagState; ofUser: FlagState; state: FlagState } | undefined;
};

export const newEntry = (user?: string): FlagEntry => ({
  user,
  state: nothing,
  last: new Map(),
  noted: new Map(),
  notedState: undefined,
  checkedAt: Number.NEGATIVE_INFINITY,
  revision: -1,
  catalogue: undefined,
  epoch: -1,
  refreshing: undefined,
  catchingUp: undefined,
  askedFlags: [],
  metCatalogue: undefined,
  meetingFlags: undefined,
  needsPosthog: false,
  both: undefined,
});
