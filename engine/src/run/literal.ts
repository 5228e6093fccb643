import type { InputDefinition } from "./inputs.js";
import { nearest } from "./nearest.js";
import { type ProblemType, shown } from "./problems.js";

/** A literal or link that its input does not take. */
export class Unfit {
  readonly type: ProblemType;
  /** What was found and what was expected, without the place. */
  readonly reason: string;
  /** What ComfyUI's clients find in `extra_info` besides. */
  readonly extra: Readonly<Record<string, unknown>> | undefined;

  constructor(type: ProblemType, reason: string, extra?: Readonly<Record<string, unknown>>) {
    this.type = type;
    this.reason = reason;
    this.extra = extra;
  }
}

/** No number that anybody means is longer, and long strings of digits are slow to convert. */
const LONGEST_NUMBER = 400;
const INTEGER = /^\s*[+-]?\d+(?:_\d+)*\s*$/;
const DECIMAL = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i;

/**
 * Reads a literal as its input asks, with ComfyUI's coercions: `"5"`, `5.7` and `true` are the integers 5, 5 and 1, any
 * non-empty string is `true`. Stricter than ComfyUI where that could only go wrong: no NaN, no infinity, no null.
 * An array is `{"__value__": […]}`, because a bare one is a link.
 */
export function readLiteral(raw: unknown, input: InputDefinition): unknown {
  const value = unwrap(raw);
  switch (input.type) {
    case "INT":
      return bounded(readInteger(value, input.bigint === true), input);
    case "FLOAT":
      return bounded(readFloat(value), input);
    case "STRING":
      return readString(value);
    case "BOOLEAN":
      return readBoolean(value);
    default:
      if (input.choices) return readChoice(value, input.choices, input);
      // A front end puts the value of a primitive right into an input of any type.
      if (input.link && input.type !== "*")
        return new Unfit("bad_linked_input", `${shown(raw)} is not a link to ${input.type}: ["node id", output slot]`);
      return value;
  }
}

function unwrap(raw: unknown): unknown {
  if (typeof raw !== "object" || raw === null || !Object.hasOwn(raw, "__value__")) return raw;
  return (raw as { __value__: unknown }).__value__;
}

function readInteger(value: unknown, big: boolean): number | bigint | Unfit {
  const integer = toInteger(value);
  if (integer === undefined) return new Unfit("invalid_input_type", `${shown(value)} is not an integer`);
  if (big) return BigInt(integer);
  const number = Number(integer);
  if (Number.isSafeInteger(number)) return number;
  return new Unfit("invalid_input_type", `${shown(value)} is beyond 2^53, where integers are no longer exact`);
}

function toInteger(value: unknown): number | bigint | undefined {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? Math.trunc(value) + 0 : undefined;
    case "bigint":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "string":
      if (value.length > LONGEST_NUMBER || !INTEGER.test(value)) return undefined;
      return fromDigits(value.replaceAll("_", "").trim());
    default:
      return undefined;
  }
}

const fromDigits = (digits: string): bigint =>
  digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits.replace("+", ""));

function readFloat(value: unknown): number | Unfit {
  const number = toFloat(value);
  if (Number.isFinite(number)) return number;
  return new Unfit("invalid_input_type", `${shown(value)} is not a finite number`);
}

function toFloat(value: unknown): number {
  switch (typeof value) {
    case "number":
      return value;
    case "bigint":
      return Number(value);
    case "boolean":
      return value ? 1 : 0;
    case "string":
      return value.length <= LONGEST_NUMBER && DECIMAL.test(value) ? Number(value) : Number.NaN;
    default:
      return Number.NaN;
  }
}

function readString(value: unknown): string | Unfit {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "True" : "False";
    default:
      return new Unfit("invalid_input_type", `${shown(value)} is not a text`);
  }
}

function readBoolean(value: unknown): boolean | Unfit {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
    case "bigint":
    case "string":
      return Boolean(value);
    default:
      return new Unfit("invalid_input_type", `${shown(value)} is not true or false`);
  }
}

function bounded(value: number | bigint | Unfit, { options }: InputDefinition): unknown {
  if (value instanceof Unfit || !options) return value;
  if (options.min !== undefined && value < options.min)
    return new Unfit("value_smaller_than_min", `${value} is less than ${options.min}`);
  if (options.max !== undefined && value > options.max)
    return new Unfit("value_bigger_than_max", `${value} is more than ${options.max}`);
  return value;
}

/** Reads a choice. The separators of paths count as equal in choices that name files: workflows travel. */
function readChoice(value: unknown, choices: readonly string[], input: InputDefinition): unknown {
  if (typeof value === "string") {
    if (choices.includes(value)) return value;
    if (input.dynamic) {
      const path = value.replaceAll("\\", "/");
      const same = choices.find((choice) => choice.replaceAll("\\", "/") === path);
      if (same !== undefined) return same;
    }
    if (input.open) return value;
  }
  return new Unfit("value_not_in_list", `${shown(value)} is not ${listed(value, choices)}`);
}

function listed(value: unknown, choices: readonly string[]): string {
  if (choices.length === 0) return "there: the list of choices is empty";
  const near = typeof value === "string" && choices.length <= 1000 ? nearest(value, choices) : undefined;
  const some = choices.slice(0, 20).map(shown).join(", ");
  const list = choices.length > 20 ? `one of ${choices.length} choices (${some}, …)` : `one of ${some}`;
  return near === undefined ? list : `${list}; did you mean ${shown(near)}?`;
}
