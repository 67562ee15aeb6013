import type { Instant } from "~/core/model";

export const dateOrNull = (at: Instant | null): Date | null => (at === null ? null : new Date(at));
