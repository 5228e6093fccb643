import type { Input, InputDefinition } from "./inputs.js";
import type { NodeDefinition, NodeType } from "./node.js";
import type { Pack } from "./pack.js";
import type { Use } from "./service.js";

/** Node definitions by class name: all that a process needs to plan prompts without the packs' code. */
export type Definitions = ReadonlyMap<string, NodeDefinition>;

/** The nodes of some packs by class name. Throws, naming both packs, when two bring the same. */
export function nodesOf(packs: readonly Pack[]): ReadonlyMap<string, NodeType> {
  const owners = new Map<string, Pack>();
  const nodes = new Map<string, NodeType>();
  for (const pack of packs) {
    for (const node of pack.nodes) {
      const owner = owners.get(node.id);
      if (owner) throw new Error(`the packs ${owner.name} and ${pack.name} both bring a node type ${node.id}`);
      owners.set(node.id, pack);
      nodes.set(node.id, node);
    }
  }
  return nodes;
}

/**
 * Describes every node of some packs as plain data, in the packs' order. Choices that are functions are asked, all at
 * once; one that throws is an error that names the node and its input.
 */
export async function describe(packs: readonly Pack[], use: Use): Promise<Definitions> {
  nodesOf(packs);
  const described = await Promise.all(
    packs.flatMap(({ name, version, nodes }) => nodes.map((node) => describeNode(node, { name, version }, use))),
  );
  return new Map(described.map((definition) => [definition.id, definition]));
}

/** Describes one node as plain data. */
export async function describeNode(
  { version: _version, check, run: _run, inputs, outputs, ...rest }: NodeType,
  pack: { readonly name: string; readonly version: string },
  use: Use,
): Promise<NodeDefinition> {
  return {
    ...rest,
    inputs: await describeInputs(inputs, use, rest.id),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { _value, ...output }]) => [name, output]),
    ) as NodeDefinition["outputs"],
    ...(check && { checked: true }),
    pack,
  };
}

async function describeInputs(
  inputs: Readonly<Record<string, Input<unknown>>>,
  use: Use,
  place: string,
): Promise<Readonly<Record<string, InputDefinition>>> {
  const entries = Object.entries(inputs).map(
    async ([name, input]) => [name, await describeInput(input, use, `${place}, input ${name}`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function describeInput(
  { choices, branches, _value, ...rest }: Input<unknown>,
  use: Use,
  place: string,
): Promise<InputDefinition> {
  const [list, inside] = await Promise.all([
    choices && ask(choices, use, place),
    branches && describeBranches(branches, use, place),
  ]);
  return { ...rest, ...(list && { choices: list }), ...(inside && { branches: inside }) };
}

async function describeBranches(
  branches: NonNullable<Input<unknown>["branches"]>,
  use: Use,
  place: string,
): Promise<NonNullable<InputDefinition["branches"]>> {
  const entries = Object.entries(branches).map(
    async ([choice, inputs]) => [choice, await describeInputs(inputs, use, `${place}.${choice}`)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}

async function ask(
  choices: NonNullable<Input<unknown>["choices"]>,
  use: Use,
  place: string,
): Promise<readonly string[]> {
  if (typeof choices !== "function") return choices;
  try {
    return [...(await choices(use))];
  } catch (cause) {
    throw new Error(
      `${place}: the choices cannot be listed: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}
