/** What each role may do. */
export const roleWords = {
  viewer: "Sees everything, changes nothing",
  admin: "Changes tenants, plans, features and API keys",
  owner: "All of that, and manages admins",
} as const;
