import { type Definitions, isLink, type Prompt } from "@mezzotint/engine";
import { Failure, messageOf } from "../failure.js";
import { inputValue } from "../workflows/input-value.js";
import { findInput, isCall, withInput } from "../workflows/node-inputs.js";

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
  if (seed < 0n || seed > 0xffff_ffff_ffff_ffffn)
    throw new Failure(`--seed ${text}: a seed is a whole number from 0 to 18446744073709551615`);
  return seed;
}

/** Gives every seed in the workflow that is not linked the same value. Throws when there is none. */
export function applySeed(prompt: Prompt, definitions: Definitions, seed: bigint): Prompt {
  let result = prompt;
  for (const [id, node] of Object.entries(prompt)) {
    if (!isCall(node)) continue;
    for (const [name, { options }] of Object.entries(definitions.get(node.class_type)?.inputs ?? {})) {
      if (options?.control_after_generate && !isLink(node.inputs[name]))
        result = withInput(result, { id, input: name }, seed);
    }
  }
  if (result === prompt) throw new Failure("--seed: no node of this workflow has a seed of its own");
  return result;
}
