import type { FeatureType, Instant, PlanKind, TenantStatus } from "~/core/model";
import type { Match } from "./subjects";

export type FoundTenantLine = { key: string; name: string; status: TenantStatus; plan: { key: string; name: string } | null };
export type FoundFeature = { key: string; name: string; type: FeatureType; group: string | null; isArchived: boolean };
export type FoundPlan = { key: string; name: string; kind: PlanKind; isArchived: boolean };
/** `hasMore`: further ones match. */
export type FoundGroup<T> = { rows: T[]; hasMore: boolean };
export type SearchResults = { tenants: FoundGroup<FoundTenantLine>; features: FoundGroup<FoundFeature>; plans: FoundGroup<FoundPlan> };

export type CommandSubject = { tenant: Match; feature: Match };

/** What a command would do. Nothing is changed until its form is sent. */
export type CommandAnswer =
  | { kind: "problem"; message: string }
  /** `typed`: the command with the keys of what is meant. */
  | { kind: "several"; options: { label: string; typed: string }[] }
  | ({ kind: "grant"; days: number; endsAt: Instant; fields: Record<string, string> } & CommandSubject)
  | ({ kind: "extend"; grant: string; days: number; endsAt: Instant; fields: Record<string, string> } & CommandSubject)
  /** The trial needs a value, which a form asks for. */
  | ({ kind: "form" } & CommandSubject)
  /** Passes a guard rail, so that a form asks for the reason. `grant`: null for a new trial. */
  | ({ kind: "reason"; message: string; grant: string | null } & CommandSubject)
  | { kind: "plan"; tenant: Match }
  /** One tenant, or two. */
  | { kind: "compare"; tenants: Match[] };

/** `problem`: why nothing was searched for. `near` is set only if nothing was found. `command`: null if it is none. */
export type SearchAnswer = {
  q: string;
  words: string[];
  problem: string | null;
  results: SearchResults;
  near: SearchResults | null;
  command: CommandAnswer | null;
  now: Instant;
};
