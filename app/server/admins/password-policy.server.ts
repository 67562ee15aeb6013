import { stems, whole } from "./common-passwords.server";

export const passwordLength = { least: 12, most: 200 };

const lookAlikes: Record<string, string> = { "0": "o", "1": "l", "3": "e", "4": "a", "5": "s", "7": "t", "@": "a", $: "s", "!": "i" };
const asLetters = (text: string) => text.replace(/[013457@$!]/g, (c) => lookAlikes[c] ?? c);
const withoutEnds = (text: string) => text.replace(/^[^a-z]+|[^a-z]+$/g, "");

/** Matches "abcabcabcabc" and "aaaaaaaaaaaa": up to six characters repeated. */
const isRepetition = (text: string) => /^(.{1,6}?)\1+.{0,5}$/s.test(text) && new Set(text).size <= 6;

/** Matches "123456789012" and "abcdefghijkl", in both directions. */
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

const keyboardRows = ["qwertyuiop", "qwertzuiop", "asdfghjkl", "zxcvbnm", "yxcvbnm", "1234567890", "abcdefghijklmnopqrstuvwxyz"];
const runs = keyboardRows.flatMap((row) => [row, [...row].reverse().join("")]);
const maxWordLength = 24;
/** Min characters that are not part of a known word, a repetition or a run. */
const minToGuess = 8;

/** The known word at `i`, or null. */
function wordAt(text: string, i: number): string | null {
  for (let length = Math.min(maxWordLength, text.length - i); length >= 4; length--) {
    const piece = text.slice(i, i + length);
    if (stems.has(piece) || whole.has(piece)) return piece;
  }
  return null;
}

/** Returns the length of the longest run along the keyboard or alphabet at `i`, if at least three; else 0. */
function runAt(text: string, i: number): number {
  for (let length = Math.min(26, text.length - i); length >= 3; length--) {
    const piece = text.slice(i, i + length);
    if (runs.some((run) => run.includes(piece))) return length;
  }
  return 0;
}

/** Returns the length of the longest substring at `i` that occurred before, if at least four; else 0. */
function repetitionAt(text: string, i: number): number {
  const before = text.slice(0, i);
  let length = 0;
  while (i + length < text.length && before.includes(text.slice(i, i + length + 1))) length += 1;
  return length >= 4 ? length : 0;
}

/**
 * Returns the number of characters that must be guessed. The first known word counts zero and each further one two;
 * years, runs and repeated characters count one, repetitions zero.
 */
function leftToGuess(reading: string): number {
  const text = reading.replace(/(?:19|20)\d\d/g, "\u0000").replace(/(.)\1+/gsu, "$1$1");
  const words = new Set<string>();
  let left = 0;
  for (let i = 0; i < text.length; ) {
    const word = wordAt(text, i);
    const repeated = word === null ? repetitionAt(text, i) : 0;
    if (word !== null) words.add(word);
    else if (repeated === 0) left += 1;
    i += word?.length ?? (repeated || runAt(text, i) || (text[i] === text[i + 1] ? 2 : 1));
  }
  return left + 2 * Math.max(0, words.size - 1);
}

/** Words guessers try first: the name, the address, its parts, and this program's name. */
function wordsOf({ email, name }: { email: string; name: string }): string[] {
  const own = `${email} ${name}`.toLowerCase();
  return ["latchkey", ...own.split(/[^\p{L}\p{N}]+/u), email.toLowerCase().split("@")[0] ?? ""].filter((word) => word.length >= 4);
}

/** Returns why the password is refused and what to do, or null if it is accepted. */
export function passwordProblem(password: string, person: { email: string; name: string }): string | null {
  // Counts characters as people do. The password is stored and compared as received.
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
  if ([plain, asLetters(plain)].some((reading) => leftToGuess(reading) < minToGuess)) {
    return "Apart from words that are guessed first, repetitions and runs such as 123, too little is left to guess. Use a few words that do not belong together.";
  }
  const word = wordsOf(person).find((w) => plain.includes(w) && length - w.length < 8);
  if (word !== undefined)
    return `Apart from “${word}” too little is left to guess. Leave your name, address and “latchkey” out, or add more words.`;
  return null;
}
