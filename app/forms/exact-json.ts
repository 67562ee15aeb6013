/** How a number is written down: its digits without zeros at either end, and the power of ten that they are multiplied by. */
function digitsOf(text: string): { digits: string; power: number } {
  const [, whole = "", fraction = "", exponent = "0"] = /^[+-]?(\d*)\.?(\d*)(?:e([+-]?\d+))?$/i.exec(text) ?? [];
  const all = (whole + fraction).replace(/^0+/, "");
  // A pattern such as /0+$/ takes quadratic time for a long row of zeros that does not end the number.
  let end = all.length;
  while (all[end - 1] === "0") end--;
  const digits = all.slice(0, end);
  return { digits, power: Number(exponent) - fraction.length + all.length - digits.length };
}

/** Whole, and without the zeros that programs write in place of digits which a double does not have. */
const wholeNumber = /^-?(?:\d{1,20}|\d{1,310}(?<!00))$/;

/** What programs write that want to read the same double again. */
const maxDoubleDigits = 17;

/**
 * Returns whether a double can hold a decimal number as it is written. Up to 17 digits of a fraction, or before an exponent, name one
 * double; a whole number has to be that number.
 */
export function isExactNumber(text: string): boolean {
  const number = Number(text);
  // 15 digits always fit, and most numbers have fewer.
  if (text.length <= 15 && number !== 0 && Number.isFinite(number)) return true;
  if (wholeNumber.test(text)) return text === String(number) || (Number.isFinite(number) && BigInt(text) === BigInt(number));
  const { digits, power } = digitsOf(text);
  if (digits === "") return true;
  if (!Number.isFinite(number) || number === 0) return false;
  if (power < 0 || (power > 0 && /e/i.test(text))) return digits.length <= maxDoubleDigits;
  const held = digitsOf(String(number));
  if (held.digits === digits && held.power === power) return true;
  return digits.length + power <= 310 && BigInt(digits) * 10n ** BigInt(power) === BigInt(Math.abs(number));
}

export const inexactNumber = "This number has more digits than can be stored. Send fewer digits, or send it as text in quotes.";

/** What a number has to look like before a double might not hold it; most texts have none. */
const suspicious = /[\d.]{16}|\d[eE][+-]?\d{3}/;
const tokens = /"(?:[^"\\]|\\.)*"|-?\d[\d.eE+-]*/g;

/**
 * JSON.parse, except that a number that a double cannot hold becomes Infinity, which JSON does not have: whoever checks what was
 * sent refuses it at its place, by itself in a list of which each entry is looked at by itself.
 */
export function parseExactJson(text: string): unknown {
  if (!suspicious.test(text)) return JSON.parse(text);
  const parsed = JSON.parse(text);
  const marked = text.replace(tokens, (token) => (token.startsWith('"') || isExactNumber(token) ? token : "1e999"));
  return marked === text ? parsed : JSON.parse(marked);
}
