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

/** Names for a sentence: the first twelve. */
export const listed = (names: readonly string[]): string =>
  names.length > 12 ? `${names.slice(0, 12).join(", ")} and ${names.length - 12} more` : names.join(", ");

/** An input of a node, found by what a user calls it. */
export interface NodeInput {
  readonly id: string;
  readonly input: string;
  /** Absent for a node of a type that nobody knows: validation says so, and better. */
  readonly definition?: InputDefinition;
}

/** Types of input that have a value of their own, and not only links. */
const WIDGETS: ReadonlySet<string> = new Set(["INT", "FLOAT", "BOOLEAN", "STRING", "COMBO", "COMFY_DYNAMICCOMBO_V3"]);

/** Whether a value can be given to an input at all. */
export const hasWidget = ({ type, link }: InputDefinition): boolean => !link && WIDGETS.has(type);

/** The definition of an input, which may lie in the branch of a choice (`mode.items`) or be grown (`values.value3`). */
export function inputOf(node: PromptNode, { inputs }: NodeDefinition, name: string): InputDefinition | undefined {
  if (Object.hasOwn(inputs, name)) return inputs[name];
  const [outer, ...rest] = name.split(".");
  const parent = Object.hasOwn(inputs, outer!) ? inputs[outer!] : undefined;
  if (parent?.grow) return parent;
  const choice = node.inputs[outer!];
  return typeof choice === "string" ? parent?.branches?.[choice]?.[rest.join(".")] : undefined;
}

/** Names of the inputs of a node whose values are its own now: those that are linked are decided elsewhere. */
export const ownInputs = (node: PromptNode, { inputs }: NodeDefinition): readonly string[] =>
  Object.entries(inputs)
    .filter(
      ([name, definition]) =>
        hasWidget(definition) && !definition.hidden && !definition.grow && !isLink(node.inputs[name]),
    )
    .map(([name]) => name);

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

/**
 * Finds the one input that a name stands for: `node.input`, where node is an id, a title or a type, or a node alone that
 * has a single value of its own. Throws a `Failure` that says which nodes or inputs there are.
 */
export function findInput(prompt: Prompt, definitions: Definitions, target: string): NodeInput {
  const readings = [...cuts(target), [target, undefined] as const];
  const found = readings
    .map(([name, input]) => ({ name, input, ids: idsOf(prompt, name) }))
    .find(({ ids }) => ids.length > 0);
  if (!found) throw new Failure(nobody(prompt, target));
  const [id, ...others] = found.ids;
  if (others.length > 0)
    throw new Failure(`${found.ids.length} nodes go by "${found.name}"; give an id: ${listed(found.ids)}`);
  const node = prompt[id!];
  const definition = isCall(node) ? definitions.get(node.class_type) : undefined;
  if (!isCall(node) || !definition) return { id: id!, input: found.input ?? "" };
  const input = found.input ?? onlyInput(node, definition, found.name);
  const known = inputOf(node, definition, input);
  if (known) return { id: id!, input, definition: known };
  throw new Failure(`${node.class_type} has no input "${input}". It has ${listed(Object.keys(definition.inputs))}`);
}

function nobody(prompt: Prompt, target: string): string {
  const known = Object.entries(prompt).map(([id, node]) => (node?._meta?.title ? `${id} (${node._meta.title})` : id));
  const name = cuts(target)[0]?.[0] ?? target;
  return `no node has the id, title or type "${name}". The nodes are ${listed(known)}`;
}

/** The input that is meant when a node alone is named. */
function onlyInput(node: PromptNode, definition: NodeDefinition, name: string): string {
  const own = ownInputs(node, definition);
  if (own.length === 1) return own[0]!;
  const what = own.length === 0 ? "no value of its own" : `${own.length} values: ${listed(own)}`;
  throw new Failure(`${name} has ${what}; write it as node.input`);
}

/** A prompt with another value in one place. */
export function withInput(prompt: Prompt, { id, input }: Pick<NodeInput, "id" | "input">, value: unknown): Prompt {
  const node = prompt[id]!;
  return { ...prompt, [id]: { ...node, inputs: { ...node.inputs, [input]: value } } };
}
