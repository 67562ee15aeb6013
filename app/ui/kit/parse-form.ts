/** In a file of its own, because pages load it only once something is entered. */
export { parseWithZod } from "@conform-to/zod/v4";
