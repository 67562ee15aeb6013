/** Letters that Unicode does not decompose into a base letter and an accent. */
const letters: { [letter: string]: string } = { ø: "o", ł: "l", đ: "d", ħ: "h", ŧ: "t", ı: "i", æ: "ae", œ: "oe", ß: "ss", ς: "σ" };
const letter = new RegExp(`[${Object.keys(letters).join("")}]`, "g");
/** Combining marks that are accents. Signs of other scripts that are written as marks are letters there. */
const accents = /[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]/g;
const invisible = /[\p{Cc}\p{Cf}\p{Default_Ignorable_Code_Point}\u2028\u2029]/u;
const invisibles = new RegExp(invisible, "gu");
const wide = /[\uff01-\uffee]/g;

const bare = (text: string) => text.normalize("NFD").replace(accents, "");

/**
 * Normalizes text for search: ignores case, accents, invisible characters and Unicode composition, so that "cafe" finds
 * "CAFÉ".
 */
export function foldText(text: string): string {
  // Most text is ASCII, which only has a case to lose.
  if (/^[\n\x20-\x7e]*$/.test(text)) return text.toLowerCase();
  const plain = bare(text.replace(wide, (c) => c.normalize("NFKC")).replace(invisibles, (c) => (c === "\n" ? c : "")));
  // Upper case first, because ß and ss, and the forms of σ, are equal only there.
  const folded = bare(plain.toUpperCase()).toLowerCase();
  return bare(folded)
    .replace(letter, (c) => letters[c] as string)
    .normalize("NFC");
}

/** Joiners that words of some scripts and sequences of emoji are written with; a name may have them, a key may not. */
const joiners =
  /(?<=[\p{Script=Arabic}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gujarati}\p{Script=Gurmukhi}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Oriya}\p{Script=Sinhala}\p{Script=Tamil}\p{Script=Telugu}])[\u200c\u200d]|(?<=[\p{Extended_Pictographic}\p{Emoji_Modifier}]\ufe0f?)\u200d(?=\p{Extended_Pictographic})|(?<=[\p{Extended_Pictographic}#*0-9])\ufe0f/gu;

/**
 * The rule for new keys and names: names that look alike must be equal. Returns the end of a sentence about the name,
 * or null. Existing names stay.
 */
export function lookAlikeProblem(text: string, kind: "key" | "name"): string | null {
  const shown = kind === "name" ? text.replace(joiners, "") : text;
  const found = invisible.exec(shown)?.[0];
  if (found) return `holds an invisible character (${codePoint(found)}). Leave it out`;
  if (text !== text.trim()) return "begins or ends with a space. Leave it out";
  if (text !== text.normalize("NFC")) return "holds a letter and its accent as two characters. Send it in Unicode's composed form (NFC)";
  return null;
}

const codePoint = (c: string) => `U+${(c.codePointAt(0) as number).toString(16).toUpperCase().padStart(4, "0")}`;
