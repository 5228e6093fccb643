import {
  type Definitions,
  type InputDefinition,
  isLink,
  type NodeDefinition,
  type Prompt,
  type PromptNode,
} from "@mezzotint/engine";
import { Failure } from "../failure.js";

/** Whether an entry is a node call at all. Validation says what is wrong with the others. */
export const isCall = (node: unknown): node is PromptNode =>
  typeof node === "object" &&
  node !== null &&
  "inputs" in node &&
  typeof node.inputs === "object" &&
  node.inputs !== null;

const listed = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");

/** Every way to cut `a.b.c` into a node and an input: titles and input names may hold dots themselves. */
function cuts(target: string): readonly (readonly [node: string, input: string])[] {
  const dots = [...target.matchAll(/\./g)].map((match) => match.index);
  return dots.map((at) => [target.slice(0, at), target.slice(at + 1)]);
}

/** Node ids that a name stands for: an id, else every node of that title or, in any case, of that title or type. */
function idsOf(prompt: Prompt, name: string): readonly string[] {
  if (Object.hasOwn(prompt, name)) return [name];
  const entries = Object.entries(prompt);
  const titled = entries.filter(([, node]) => node?._meta?.title === name);
  const like = (text: unknown) => typeof text === "string" && text.toLowerCase() === name.toLowerCase();
  const found =
    titled.length > 0 ? titled : entries.filter(([, node]) => like(node?._meta?.title) || like(node?.class_type));
  return found.map(([id]) => id);
}

/** Finds the one node and the input that `target` names. */
function locate(prompt: Prompt, target: string): readonly [id: string, input: string] {
  const found = cuts(target)
    .map(([name, input]) => ({ name, input, ids: idsOf(prompt, name) }))
    .find(({ ids }) => ids.length > 0);
  if (!found) {
    const known = Object.entries(prompt).map(([id, node]) => (node?._meta?.title ? `${id} (${node._meta.title})` : id));
    const name = cuts(target)[0]?.[0];
    const problem = name === undefined ? "write it as node.input=value" : `no node has the id, title or type "${name}"`;
    throw new Failure(`--set ${target}: ${problem}. The nodes are ${listed(known)}`);
  }
  const [id, ...others] = found.ids;
  if (others.length > 0) {
    throw new Failure(
      `--set ${target}: ${found.ids.length} nodes go by "${found.name}"; give an id: ${listed(found.ids)}`,
    );
  }
  return [id!, found.input];
}

/** The definition of an input, which may lie in the branch of a choice (`mode.items`) or be grown (`values.value3`). */
export function inputOf(node: PromptNode, { inputs }: NodeDefinition, name: string): InputDefinition | undefined {
  if (Object.hasOwn(inputs, name)) return inputs[name];
  const [outer, ...rest] = name.split(".");
  const parent = Object.hasOwn(inputs, outer!) ? inputs[outer!] : undefined;
  if (parent?.grow) return parent;
  const choice = node.inputs[outer!];
  return typeof choice === "string" ? parent?.branches?.[choice]?.[rest.join(".")] : undefined;
}

const WIDGETS = ["INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "COMFY_DYNAMICCOMBO_V3"];

/** Reads a value as the input's type asks. Ranges and choices are left to validation, which knows them all. */
function parseValue(text: string, { type, link }: InputDefinition, target: string): unknown {
  const wrong = (wanted: string) => new Failure(`--set ${target}: ${JSON.stringify(text)} is not ${wanted}`);
  if (link || !WIDGETS.includes(type))
    throw new Failure(`--set ${target}: a value of type ${type} can only come from a link`);
  if (type === "INT") {
    if (!/^[+-]?\d{1,20}$/.test(text)) throw wrong("a whole number");
    const number = Number(text);
    return Number.isSafeInteger(number) ? number : BigInt(text.replace("+", ""));
  }
  if (type === "FLOAT") {
    const number = Number(text);
    if (text.trim() === "" || !Number.isFinite(number)) throw wrong("a number");
    return number;
  }
  if (type === "BOOLEAN") {
    if (text !== "true" && text !== "false") throw wrong("true or false");
    return text === "true";
  }
  return text;
}

const withInput = (prompt: Prompt, id: string, name: string, value: unknown): Prompt => {
  const node = prompt[id]!;
  return { ...prompt, [id]: { ...node, inputs: { ...node.inputs, [name]: value } } };
};

/** Applies one `--set node.input=value`, where node is an id or a title. Returns a new prompt. */
export function applySet(prompt: Prompt, definitions: Definitions, assignment: string): Prompt {
  const equals = assignment.indexOf("=");
  if (equals < 0) throw new Failure(`--set ${assignment}: there is no "="; write it as node.input=value`);
  const target = assignment.slice(0, equals);
  const [id, name] = locate(prompt, target);
  const node = prompt[id];
  const definition = isCall(node) ? definitions.get(node.class_type) : undefined;
  // A node of a type that nobody knows: validation says so, and better.
  if (!isCall(node) || !definition) return prompt;
  const input = inputOf(node, definition, name);
  if (!input) {
    throw new Failure(
      `--set ${target}: ${node.class_type} has no input "${name}". It has ${listed(Object.keys(definition.inputs))}`,
    );
  }
  return withInput(prompt, id, name, parseValue(assignment.slice(equals + 1), input, target));
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
      if (options?.control_after_generate && !isLink(node.inputs[name])) result = withInput(result, id, name, seed);
    }
  }
  if (result === prompt) throw new Failure("--seed: no node of this workflow has a seed of its own");
  return result;
}
