import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({ extend: { theme: { radius: ["control", "card"], shadow: ["card", "float"] } } });

/** Joins class names; of two that set the same thing the later one stays. */
export const cx = (...classes: ClassValue[]) => merge(clsx(classes));
