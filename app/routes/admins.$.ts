import { moved } from "~/server/http/moved.server";

/** The former address of people. */
export const loader = moved("/admins", "/people");
