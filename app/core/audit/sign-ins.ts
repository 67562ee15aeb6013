/** Signing in and out. There are many such entries, so lists hide them by default. */
export const signInActions: readonly string[] = [
  "admin.signed_in",
  "admin.sign_in_failed",
  "admin.signed_out",
  "admin.signed_out_elsewhere",
];
