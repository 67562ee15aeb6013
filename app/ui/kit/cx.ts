import { type ClassValue, clsx } from "clsx";
import { extendTailwindMerge } from "tailwind-merge";

const merge = extendTailwindMerge({ extend: { theme: { radius: ["control", "card"], shadow: ["card", "float"] } } });

/** Joins class names; later ones override earlier ones that set the same property. */
export const cx = (...classes: ClassValue[]) => merge(clsx(classes));
