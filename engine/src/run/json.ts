import { parse } from "lossless-json";

/** How much text `parseJson` takes on: nobody's graph comes near, and what is beyond is refused before it is parsed. */
export interface JsonLimits {
  /** UTF-16 units of text; 64 Mi by default. */
  readonly size?: number;
  /** Objects and arrays inside one another; 500 by default, so that whoever walks the value may recurse. */
  readonly depth?: number;
  /** Values in all, those in objects and arrays; 4 Mi by default. Text of 64 MiB can hold twenty million, in gigabytes. */
  readonly values?: number;
}

const SIZE = 64 * 1024 * 1024;
const DEPTH = 500;
const VALUES = 4 * 2 ** 20;
/** Converting decimal digits to a bigint takes more than linear time: hostile texts hold millions of them. */
const DIGITS = 1000;

/** What only the lossless parser reads right: long runs of digits, and powers that may be beyond every number. */
const DELICATE = /\d{16}|\d[eE]\+?\d{3}/;

/**
 * Parses JSON; integers beyond 2^53 become bigints, every other number is as with `JSON.parse`, except that none is
 * infinite: `1e999` is refused, as it could not be written again. The last of two equal keys wins, and `__proto__` is a
 * key like any other. Throws a SyntaxError that says what is wrong.
 */
export function parseJson(text: string, { size = SIZE, depth = DEPTH, values = VALUES }: JsonLimits = {}): unknown {
  if (text.length > size) throw new SyntaxError(`the JSON text is ${text.length} characters long (at most ${size})`);
  checkShape(text, depth, values);
  // The lossless parser is some ten times slower.
  if (!DELICATE.test(text)) return parsePlain(text);
  return parse(text, undefined, { parseNumber, onDuplicateKey: ({ newValue }) => newValue });
}

function parsePlain(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    if (position === undefined) throw error;
    const before = text.slice(0, Number(position)).split("\n");
    const place = `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}`;
    throw new SyntaxError((error as Error).message.replace(/at position \d+.*$/, `at ${place}`), { cause: error });
  }
}

function parseNumber(text: string): number | bigint {
  const value = Number(text);
  if (Number.isSafeInteger(value)) return value;
  if (!/^-?\d+$/.test(text)) {
    if (Number.isFinite(value)) return value;
    throw new SyntaxError(`the number ${text.slice(0, 40)} is too large (at most 1.8e308)`);
  }
  if (text.length > DIGITS) throw new SyntaxError(`an integer of ${text.length} digits (at most ${DIGITS})`);
  return BigInt(text);
}

/** Native parsing is iterative, but what comes after it, and the lossless parser, recurse; and every value costs memory. */
function checkShape(text: string, limit: number, most: number): void {
  let depth = 0;
  let values = 1;
  const count = (): void => {
    if (++values > most) throw new SyntaxError(`the JSON holds more than ${most} values`);
  };
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x22) {
      i = endOfString(text, i);
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > limit) throw new SyntaxError(`the JSON is nested more than ${limit} deep (at character ${i})`);
      count();
    } else if (code === 0x2c) {
      count();
    } else if (code === 0x7d || code === 0x5d) {
      depth--;
    }
  }
}

/** The place of the quote that ends the string starting at `start`; the text's end if there is none. */
function endOfString(text: string, start: number): number {
  let end = start;
  for (;;) {
    end = text.indexOf('"', end + 1);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === 0x5c) slashes++;
    if (slashes % 2 === 0) return end;
  }
}

/**
 * Writes JSON with bigints as bare digits, so that `parseJson` gives them back. Throws on what JSON would lose: NaN,
 * infinities, functions, cycles. Properties that are undefined are left out, as with `JSON.stringify`.
 * `indent`: spaces a level, for people to read; 0 writes one line.
 */
export function stringifyJson(value: unknown, { indent = 0 }: { readonly indent?: number } = {}): string {
  const text = write(value, "", 0, indent);
  if (text === undefined) throw new TypeError(`${typeof value} has no JSON form`);
  return text;
}

function write(value: unknown, path: string, depth: number, indent: number): string | undefined {
  switch (typeof value) {
    case "string":
      return JSON.stringify(value);
    case "boolean":
      return value ? "true" : "false";
    case "bigint":
      return value.toString();
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} has no JSON form (at ${path || "the top"})`);
      return Object.is(value, -0) ? "0" : String(value);
    case "undefined":
      return undefined;
    case "object":
      return value === null ? "null" : writeObject(value, path, depth, indent);
    default:
      throw new TypeError(`a ${typeof value} has no JSON form (at ${path || "the top"})`);
  }
}

function writeObject(value: object, path: string, depth: number, indent: number): string | undefined {
  if (depth > 2 * DEPTH) throw new TypeError("the value is nested too deep for JSON, or holds itself");
  if ("toJSON" in value && typeof value.toJSON === "function") return write(value.toJSON(), path, depth + 1, indent);
  const parts: string[] = [];
  if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) parts.push(write(value[i], path, depth + 1, indent) ?? "null");
    return enclose("[", parts, "]", depth, indent);
  }
  for (const [key, item] of Object.entries(value)) {
    const text = write(item, path ? `${path}.${key}` : key, depth + 1, indent);
    if (text !== undefined) parts.push(`${JSON.stringify(key)}:${indent > 0 ? " " : ""}${text}`);
  }
  return enclose("{", parts, "}", depth, indent);
}

function enclose(open: string, parts: readonly string[], close: string, depth: number, indent: number): string {
  if (indent === 0 || parts.length === 0) return `${open}${parts.join(",")}${close}`;
  const margin = `\n${" ".repeat(indent * depth)}`;
  const inner = margin + " ".repeat(indent);
  return `${open}${inner}${parts.join(`,${inner}`)}${margin}${close}`;
}
