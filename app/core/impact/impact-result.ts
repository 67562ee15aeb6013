import type { Cell } from "~/core/catalogue/catalogue-changes";
import type { Effect } from "~/core/decision/preview";
import type { Feature, Plan } from "~/core/model";

/** `over`: used more in the current period than the new limit allows. */
export const tenantEffects = ["loses", "over", "changes", "gains"] as const satisfies (Effect | "over")[];
export type TenantEffect = (typeof tenantEffects)[number];

export const effectLabels: { readonly [E in TenantEffect]: string } = {
  loses: "Lose a feature",
  over: "Over the new limit",
  changes: "Get another value or limit",
  gains: "Gain a feature",
};

/** A feature that a tenant gains, loses or gets another value of. */
export type NamedEffect = {
  feature: string;
  /** Values as text; null if it is not given. */
  was: string | null;
  is: string | null;
  /** Checks in 30 days. */
  checks: number;
  /** Used in the current period; only of metered features. */
  used?: number;
};

/** A change that is looked at before it is made. */
export type ImpactSource =
  | { kind: "cells"; cells: Cell[] }
  | { kind: "objects"; features: Feature[]; plans: Plan[] }
  | { kind: "file"; name: string; text: string }
  /** Each tenant's own change, which its bulk act makes. `hasFlags`: as in `ImpactParams`. */
  | { kind: "tenants"; hasFlags: boolean };

/** Parameters of the job that computes an impact. The change itself is stored apart, because it may be large. */
export type ImpactParams = {
  /** What the change does, for a heading. */
  title: string;
  /** The catalogue's revision that it changes. */
  revision: number;
  /** False if PostHog is off, so that no flag has a value. */
  hasFlags: boolean;
  /** The draft whose changes these are, as it was. */
  draft?: { id: string; version: number };
};
