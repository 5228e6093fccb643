import type { InputDefinition } from "@mezzotint/engine";
import { Failure } from "../failure.js";
import { hasWidget, listed } from "./node-inputs.js";

const shown = (value: unknown): string => {
  const text = typeof value === "bigint" ? String(value) : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
};

/**
 * Reads a value as the type of an input asks, out of a text (of a command line) or JSON. Ranges and choices are left to
 * validation, which knows them all. Throws a `Failure`.
 */
export function inputValue(value: unknown, definition: InputDefinition): unknown {
  const wrong = (wanted: string) => new Failure(`${shown(value)} is not ${wanted}`);
  const { type } = definition;
  if (!hasWidget(definition)) throw new Failure(`a value of type ${type} can only come from a link`);
  if (type === "INT") {
    const integer = integerOf(value);
    if (integer === undefined) throw wrong("a whole number");
    return integer;
  }
  if (type === "FLOAT") {
    const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
    if (typeof number === "bigint") return Number(number);
    if (typeof number !== "number" || !Number.isFinite(number)) throw wrong("a number");
    return number;
  }
  if (type === "BOOLEAN") {
    if (typeof value === "boolean") return value;
    if (value !== "true" && value !== "false") throw wrong("true or false");
    return value === "true";
  }
  if (typeof value !== "string") throw wrong("a text");
  return value;
}

function integerOf(value: unknown): number | bigint | undefined {
  if (typeof value === "bigint" || Number.isSafeInteger(value)) return value as number | bigint;
  if (typeof value !== "string" || !/^[+-]?\d{1,20}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value.replace("+", ""));
}

/** Limits of a value besides its type. */
export interface Bounds {
  readonly min?: number | bigint | undefined;
  readonly max?: number | bigint | undefined;
  readonly choices?: readonly unknown[] | undefined;
}

/** Throws a `Failure` for a value out of its bounds. */
export function checkBounds(value: unknown, { min, max, choices }: Bounds): void {
  if (typeof value === "number" || typeof value === "bigint") {
    if (min !== undefined && value < min) throw new Failure(`${value} is less than ${min}`);
    if (max !== undefined && value > max) throw new Failure(`${value} is more than ${max}`);
  }
  if (choices !== undefined && !choices.includes(value))
    throw new Failure(`${shown(value)} is none of ${listed(choices.map(String))}`);
}
