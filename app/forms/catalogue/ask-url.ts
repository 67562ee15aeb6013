import { z } from "zod";
import { isWebAddress } from "~/forms/web-address";

const maxAskUrl = 500;

/** A page of the customer's own app or site. Apps get it in answers; the server never fetches it. */
export const askUrl = z
  .string()
  .trim()
  .max(maxAskUrl, `A link has up to ${maxAskUrl} characters.`)
  .refine(isWebAddress, { error: "Enter a full address, such as https://example.com/upgrade?feature=sso.", abort: true })
  .refine(hasNoCredentials, "Leave the user name and password out of the address. Apps hand it to their users.");

function hasNoCredentials(text: string): boolean {
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
