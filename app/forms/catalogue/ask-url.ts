import { z } from "zod";

const maxAskUrl = 500;

/** A page of the customer's own app or site. Apps get it in answers; the server never fetches it. */
export const askUrl = z
  .string()
  .trim()
  .max(maxAskUrl, `A link has up to ${maxAskUrl} characters.`)
  .refine(isWebAddress, "Enter a full address, such as https://example.com/upgrade?feature=sso.");

function isWebAddress(text: string): boolean {
  if (!/^https?:\/\//i.test(text) || !URL.canParse(text)) return false;
  const { username, password } = new URL(text);
  return username === "" && password === "";
}
