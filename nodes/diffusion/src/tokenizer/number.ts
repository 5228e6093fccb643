/** Digits, with underscores between some of them. */
const DIGITS = "\\d+(?:_\\d+)*";
/** A decimal number, or one of the words for what is not finite. */
const NUMBER = new RegExp(
  `^[+-]?(?:(?:${DIGITS}(?:\\.(?:${DIGITS})?)?|\\.${DIGITS})(?:e[+-]?${DIGITS})?|inf(?:inity)?|nan)$`,
  "i",
);

/** White space as Python's `str` has it: JavaScript's without the byte order mark, and a few separators more. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these separators are spaces to Python.
export const SPACES = /[\t-\r\u001c-\u0020\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/;
const AROUND = new RegExp(`^${SPACES.source}|${SPACES.source}$`, "g");

/**
 * A number as Python's `float` reads it, which decides what is a weight in a prompt: `.5`, `1.`, `+2`, `1e-1`, `1_000`,
 * `inf`, white space around it, and the decimal digits of any script. Nothing for any other text.
 */
export function parseNumber(text: string): number | undefined {
  // A number that anybody means is short.
  if (text.length > 400) return undefined;
  const plain = text.replace(AROUND, "").replace(/(?!\d)\p{Nd}/gu, latinDigit);
  if (!NUMBER.test(plain)) return undefined;
  const word = /^([+-]?)(inf|nan)/i.exec(plain);
  if (!word) return Number(plain.replaceAll("_", ""));
  if (word[2]?.toLowerCase() === "nan") return Number.NaN;
  return word[1] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** A decimal digit as 0 to 9. Unicode keeps the ten of a script side by side, and blocks of them follow each other whole. */
function latinDigit(digit: string): string {
  const code = digit.codePointAt(0) ?? 0;
  let before = 0;
  while (/\p{Nd}/u.test(String.fromCodePoint(code - before - 1))) before++;
  return String(before % 10);
}
