import type { Definitions, Prompt } from "@mezzotint/engine";
import { Failure, messageOf } from "../failure.js";
import { inputValue } from "../workflows/input-value.js";
import { findInput, withInput } from "../workflows/node-inputs.js";
import { MAX_SEED, withSeed } from "../workflows/seeds.js";

/** A `--set` in its two parts. */
export type Assignment = readonly [target: string, value: string];

/** Reads `--set target=value`. */
export function parseSet(assignment: string): Assignment {
  const equals = assignment.indexOf("=");
  if (equals < 0) throw new Failure(`--set ${assignment}: there is no "="; write it as node.input=value`);
  return [assignment.slice(0, equals), assignment.slice(equals + 1)];
}

/**
 * Applies one `--set node.input=value`, where node is an id, a title or a type; a node with one value may stand alone.
 * Returns a new prompt.
 */
export function applySet(prompt: Prompt, definitions: Definitions, [target, value]: Assignment): Prompt {
  try {
    const found = findInput(prompt, definitions, target);
    return found.definition ? withInput(prompt, found, inputValue(value, found.definition)) : prompt;
  } catch (cause) {
    throw new Failure(`--set ${target}: ${messageOf(cause)}`, { cause });
  }
}

/** Reads `--seed`: 0 to 2^64 - 1. */
export function parseSeed(text: string): bigint {
  const seed = /^\d{1,20}$/.test(text) ? BigInt(text) : -1n;
  if (seed < 0n || seed > MAX_SEED)
    throw new Failure(`--seed ${text}: a seed is a whole number from 0 to 18446744073709551615`);
  return seed;
}

/** Gives every seed in the workflow that is not linked the same value. Throws when there is none. */
export function applySeed(prompt: Prompt, definitions: Definitions, seed: bigint): Prompt {
  const seeded = withSeed(prompt, definitions, seed);
  if (seeded) return seeded;
  throw new Failure("--seed: no node of this workflow has a seed of its own");
}
