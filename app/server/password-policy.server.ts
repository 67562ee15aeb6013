import { stems, whole } from "./common-passwords.server";

export const passwordLength = { least: 12, most: 200 };

const lookAlikes: Record<string, string> = { "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" };
const asLetters = (text: string) => text.replace(/[013457@$!]/g, (c) => lookAlikes[c] ?? c);
const withoutEnds = (text: string) => text.replace(/^[^a-z]+|[^a-z]+$/g, "");

/** "abcabcabcabc", "aaaaaaaaaaaa": one piece of up to six characters again and again. */
const isRepetition = (text: string) => /^(.{1,6}?)\1+.{0,5}$/s.test(text) && new Set(text).size <= 6;

/** "123456789012", "abcdefghijkl", and backwards. */
function isSequence(text: string): boolean {
  let up = 0;
  let down = 0;
  for (let i = 1; i < text.length; i++) {
    const step = text.charCodeAt(i) - text.charCodeAt(i - 1);
    if (step === 1 || (step === -9 && text[i] === "0")) up += 1;
    if (step === -1 || (step === 9 && text[i] === "9")) down += 1;
  }
  return Math.max(up, down) >= text.length - 2;
}

/** What a guesser tries first: the name, the address, its parts, and the name of this program. */
function wordsOf({ email, name }: { email: string; name: string }): string[] {
  const own = `${email} ${name}`.toLowerCase();
  return ["latchkey", ...own.split(/[^\p{L}\p{N}]+/u), email.toLowerCase().split("@")[0] ?? ""].filter((word) => word.length >= 4);
}

/** Why this password will not do, as a sentence with the way out; null: it will. */
export function passwordProblem(password: string, person: { email: string; name: string }): string | null {
  // Counted as people count; what is stored and compared is what was received.
  const length = [...password].length;
  if (length < passwordLength.least)
    return `Use at least ${passwordLength.least} characters; a few words that do not belong together are easy to keep in mind.`;
  if (length > passwordLength.most) return `Use at most ${passwordLength.most} characters.`;
  const plain = password.toLowerCase();
  if (isRepetition(plain) || isSequence(plain))
    return "This is a pattern that is guessed first. Use a few words that do not belong together.";
  const readings = [plain, withoutEnds(plain), withoutEnds(asLetters(plain)), asLetters(withoutEnds(plain)), plain.replace(/[^a-z]/g, "")];
  if (readings.some((reading) => stems.has(reading) || whole.has(reading))) {
    return "This is among the passwords that are guessed first. Use a few words that do not belong together.";
  }
  const word = wordsOf(person).find((w) => plain.includes(w) && length - w.length < 8);
  if (word !== undefined)
    return `Apart from “${word}” too little is left to guess. Leave your name, address and “latchkey” out, or add more words.`;
  return null;
}
