import { stringifyJson } from "@mezzotint/engine";
import { wellFormed } from "./well-formed.js";

/** A JSON text that says the same, with half characters (which UTF-8 can't carry) written as escapes. */
export const storableJson = (text: string): string =>
  wellFormed(text) ? text : text.replace(/\p{Surrogate}/gu, (half) => `\\u${half.charCodeAt(0).toString(16)}`);

/**
 * A value as JSON: 64-bit integers exact, and what packs may show but JSON lacks (NaN, infinities, functions) as JSON.stringify
 * has it, so that a job can always end.
 */
export function toJson(value: unknown): string {
  try {
    return stringifyJson(value);
  } catch {
    return JSON.stringify(value, (_, inner) => (typeof inner === "bigint" ? inner.toString() : inner)) ?? "null";
  }
}

/** A text for people, such as a reason: what can't be kept is shown as a replacement character, and its end is cut off. */
export const storableText = (text: string): string => text.slice(0, 10_000).replace(/[\0\p{Surrogate}]/gu, "\ufffd");
