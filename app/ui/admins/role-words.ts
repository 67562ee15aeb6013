/** What each role may do. */
export const roleWords = {
  viewer: "Sees everything, changes nothing",
  admin: "Changes tenants, plans, features and API keys",
  owner: "All of that, and says who the admins are",
} as const;
