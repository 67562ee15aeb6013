import type { Role } from "~/core/permissions";

/** One line per role, for choosing one. The table on the page Admins has the details. */
export const roleWords: Record<Role, string> = {
  viewer: "Sees everything, changes nothing",
  support: "Sees everything; grants, extends and ends trials",
  admin: "Changes tenants, plans, features and API keys",
  owner: "All of that, and invites people",
};
