import { moved } from "~/server/http/moved.server";

/** The log's former address. */
export const loader = moved("/audit", "/activity");
