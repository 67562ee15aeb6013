import { z } from "zod";
import { featureKey, planKey } from "~/forms/entity-keys";
import { jobId } from "~/forms/jobs/job-queries";
import { shortList } from "~/forms/json-value";
import { cursor, limit } from "~/forms/pagination";
import { type CatalogueEdit, cellValue, maxImpactCells, tenantEffect } from "./impact";

const tooManyCells = `Send 1 to ${maxImpactCells} cells.`;
const cell = z.strictObject({
  plan: planKey,
  feature: featureKey,
  value: cellValue.describe("What the plan's own entry becomes; null takes it away."),
});

/** POST /api/impacts */
export const impactBody = z
  .strictObject({
    cells: shortList(cell, { min: 1, max: maxImpactCells }, tooManyCells).optional().describe("Entries of plans."),
    archiveFeature: featureKey.optional().describe("A feature that would be archived."),
    restoreFeature: featureKey.optional().describe("An archived feature that would be restored."),
  })
  .refine(
    (body) => Object.values(body).filter((one) => one !== undefined).length === 1,
    "Send cells, archiveFeature or restoreFeature, one of them.",
  );

export function catalogueEditOf({ cells, archiveFeature, restoreFeature }: z.output<typeof impactBody>): CatalogueEdit {
  if (cells) return { kind: "cells", cells };
  if (archiveFeature !== undefined) return { kind: "archive_feature", feature: archiveFeature };
  return { kind: "restore_feature", feature: restoreFeature as string };
}

export const impactParams = z.object({ id: jobId });

/** GET /api/impacts/{id}/tenants */
export const impactTenantsQuery = z.object({
  effect: tenantEffect.describe("Which tenants."),
  cursor: cursor([41, "acme"], z.int().min(0), z.string().max(200)).optional(),
  limit,
});
