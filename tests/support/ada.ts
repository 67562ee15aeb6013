import { invite } from "~/server/admins/admins.server";
import { acceptInvite } from "~/server/admins/invites.server";
import type { Services } from "~/server/services.server";
import { ada as operator } from "./facts";

export const adasPassword = "walrus teapot grammar";
/** Ada's sign-in form. */
export const adaSignsIn = { email: "ada@example.com", password: adasPassword };

/** Adds Ada, an owner who can sign in; returns her id. */
export async function addAda(services: Services): Promise<string> {
  const invited = await invite(services, operator, { name: "Ada", email: adaSignsIn.email, role: "owner" });
  if (!invited.ok) throw new Error(invited.message);
  await acceptInvite(services, invited.token, adasPassword);
  return invited.admin.id;
}
