import { z } from "zod";

/** ISO 8601 in UTC. */
export const instantField = z.iso.datetime();
export const limitField = z.union([z.int().min(0), z.literal("unlimited")]);
export const jsonField = z.json();
