/** A number's notation: its significant digits and exponent. */
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

/** Notations that programs use to round-trip doubles. */
const maxDoubleDigits = 17;

/**
 * Returns whether a double represents a decimal number exactly as written: at most 17 significant digits for fractions
 * and exponents, the exact value for whole numbers.
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

/** A quick test for numbers that a double may not hold; most texts have none. */
const suspicious = /[\d.]{16}|\d[eE][+-]?\d{3}/;
const tokens = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;

/**
 * JSON.parse, except that a number a double cannot hold becomes Infinity, which JSON lacks: validation then refuses it
 * at its path, in a batch only its own item.
 */
export function parseExactJson(text: string): unknown {
  if (!suspicious.test(text)) return JSON.parse(text);
  const parsed = JSON.parse(text);
  const marked = text.replace(tokens, (token) => (token.startsWith('"') || isExactNumber(token) ? token : "1e999"));
  return marked === text ? parsed : JSON.parse(marked);
}
