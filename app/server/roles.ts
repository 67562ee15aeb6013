import type { Role } from "~db/schema";

const ranks: Record<Role, number> = { viewer: 0, admin: 1, owner: 2 };

export const mayAct = (role: Role, least: Role) => ranks[role] >= ranks[least];

export const tooLow: Record<Role, string> = {
  viewer: "",
  admin: "You can see everything here, but not change it. Ask an owner for the role admin.",
  owner: "Only an owner can do this. Ask one of them.",
};
