import { z } from "zod";
import { roles } from "~/core/permissions";
import { refuseLookAlike } from "~/forms/look-alike";

export const email = z
  .string("Give an e-mail address.")
  .trim()
  .toLowerCase()
  .max(254, "An e-mail address has up to 254 characters.")
  .pipe(z.email("That is not an e-mail address."));

export const personName = z
  .string("Give a name.")
  .trim()
  .min(1, "Give a name.")
  .max(100, "A name has up to 100 characters.")
  .regex(/^\P{Cc}*$/u, "A name has no control characters.")
  .superRefine(refuseLookAlike);

/** As typed, neither trimmed nor changed. The password policy is checked on the server. */
export const newPassword = z.string("Choose a password.").min(12, "Use at least 12 characters.").max(200, "Use at most 200 characters.");
const givenPassword = z.string("Type your password.").max(1_000, "That is too long.");

const role = z.enum(roles, "Choose a role.");

export const signInForm = z.object({ email, password: givenPassword, returnTo: z.string().max(2_000).optional() });
export const ownerForm = z.object({ name: personName, email, password: newPassword });
export const inviteForm = z.object({ name: personName, email, role });
export const acceptForm = z.object({ password: newPassword });
export const passwordForm = z.object({ intent: z.literal("password"), current: givenPassword, password: newPassword });
/** A code of the app, or a recovery code, as typed. */
const code = z.string("Type the code.").trim().max(100, "That is too long.");
export const codeForm = z.object({ code, returnTo: z.string().max(2_000).optional() });
export const switchOnForm = z.object({ intent: z.literal("on"), current: givenPassword, code, setup: z.string().max(1_000) });
export const factorProofForm = z.object({ intent: z.enum(["codes", "off"]), current: givenPassword, code });
export const factorForm = z.discriminatedUnion("intent", [switchOnForm, factorProofForm]);
export const accountForm = z.discriminatedUnion("intent", [
  passwordForm,
  z.object({ intent: z.enum(["sign-out-others", "allow-replay", "stop-replay"]) }),
]);

/** The intent of a button on an admin's page. */
export const adminForm = z.discriminatedUnion("intent", [
  z.object({ intent: z.literal("role"), role }),
  z.object({ intent: z.literal("disable") }),
  z.object({ intent: z.literal("enable") }),
  z.object({ intent: z.literal("link") }),
]);

export type OwnerForm = z.output<typeof ownerForm>;
export type InviteForm = z.output<typeof inviteForm>;
