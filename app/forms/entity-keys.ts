import { z } from "zod";
import { keyPattern, keyRule, tenantKeyPattern } from "~/core/model";

// Keys that a request names, each with its one sentence for a malformed one.

export const tenantKeyRefused = "A tenant key has 1 to 200 characters and no control characters.";
export const featureKeyRefused = `A feature key ${keyRule}`;
export const planKeyRefused = `A plan key ${keyRule}`;

export const tenantKey = z.string().regex(tenantKeyPattern, tenantKeyRefused);
/** Surrounding spaces are kept, because they name something else. */
export const featureKey = z.string().regex(keyPattern, featureKeyRefused);
export const planKey = z.string().regex(keyPattern, planKeyRefused);
