import { randomUUID } from "node:crypto";
import {
  type Blocker,
  block,
  Constant,
  type Each,
  Expansion,
  isBlocker,
  isConstant,
  isLink,
  type Link,
  type PromptNode,
  type RunContext,
  stringifyJson,
} from "@mezzotint/engine";
import { repeatedNodes } from "./loop-body.js";
import { type Graph, type Loops, loopEndedBy } from "./loop-graph.js";
import { loopResult } from "./loop-result.js";
import { loopSettings, type Settings } from "./settings.js";

/** Where a value comes from inside an iteration. */
type Source = Link | Constant;

/** The surroundings in which a loop runs: the graph as the user made it, and what has become of it. */
export interface Scope {
  readonly graph: Graph;
  readonly loops: Loops;
  /** What the outputs of the Start Loops around this loop stand for in the iteration that runs. */
  readonly starts: ReadonlyMap<string, readonly Source[]>;
  /** The id by which the running graph knows a node around this loop. */
  readonly resolve: (id: string) => string;
}

/** The classes that stand for the two ends of an inner loop in the copies that an iteration brings. */
export const INNER_START = "MezzotintInnerStartLoop";
export const INNER_END = "MezzotintInnerEndLoop";

interface Given {
  readonly outputs: Each<unknown>;
}

/** The result of an End Loop: a value, or the list of what the iterations gave. */
type Answer = Expansion<Given> | { readonly outputs: Blocker };

/** A literal or link of a node call, as it is inside an expansion whose own nodes are `own`. */
function rewritten(raw: unknown, scope: Scope, own?: ReadonlySet<string>): unknown {
  if (!isLink(raw)) return raw;
  const [id, slot] = raw;
  const stands = scope.starts.get(id);
  if (stands) return stands[slot];
  return own?.has(id) ? raw : [scope.resolve(id), slot];
}

/** A literal of a prompt as a value; a list is written `{"__value__": […]}` there. */
function literal(raw: unknown): Constant {
  const wrapped = typeof raw === "object" && raw !== null && Object.hasOwn(raw, "__value__");
  return new Constant(wrapped ? (raw as { __value__: unknown }).__value__ : raw, `literal=${stringifyJson(raw)}`);
}

/** The same for an output, where a literal has to be a constant. */
const source = (raw: unknown, scope: Scope, own: ReadonlySet<string>): Source => {
  const value = rewritten(raw, scope, own);
  return isLink(value) || isConstant(value) ? value : literal(value);
};

/** A node's copy in an iteration. Whatever is said of it is said of the original. */
function copyOf(id: string, original: PromptNode, scope: Scope, own: ReadonlySet<string>): PromptNode {
  const node = { ...original, _meta: { ...original._meta, display: id } };
  const inputs = Object.fromEntries(
    Object.entries(node.inputs ?? {}).map(([name, raw]) => [name, rewritten(raw, scope, own)]),
  );
  if (node.class_type === "StartLoop") return { ...node, class_type: INNER_START, inputs };
  if (node.class_type !== "EndLoop") return { ...node, inputs };
  // The key is constant: what the inner loop computes follows from its links.
  const inner = new Constant<Inner>({ scope, own, end: id }, "loop");
  return { ...node, class_type: INNER_END, inputs: { ...inputs, loop: inner } };
}

/** What the End Loop of an inner loop has to know of the iteration that it is part of. */
export interface Inner {
  readonly scope: Scope;
  /** The nodes that the iteration brought. */
  readonly own: ReadonlySet<string>;
  readonly end: string;
}

/** The scope of an inner loop, whose End Loop runs under the id `node`: its neighbours' ids begin like its own. */
export function innerScope({ scope, own, end }: Inner, node: string): Scope {
  const prefix = node.slice(0, node.length - end.length);
  return { ...scope, resolve: (id) => (own.has(id) ? prefix + id : scope.resolve(id)) };
}

/** Reads the Start Loop's inputs in the place where the loop stands. */
async function settingsOf(start: PromptNode, scope: Scope, { expand }: RunContext) {
  const inputs = Object.entries(start.inputs)
    .filter(([name]) => name === "cache_iterations" || name === "mode" || name.startsWith("mode."))
    .map(([name, raw]) => [name, rewritten(raw, scope)]);
  // A link to a node of the same id would be taken for one to this node.
  let id = "settings";
  while (scope.graph.has(id)) id += "'";
  const nodes = { [id]: { class_type: loopSettings.id, inputs: Object.fromEntries(inputs) } };
  const { settings } = await expand(new Expansion<{ settings: Settings }>(nodes, { settings: [id, 0] }));
  return settings;
}

const isPlain = (item: unknown): boolean => item === null || ["string", "number", "boolean"].includes(typeof item);

/** The outputs of the Start Loop in one iteration, in its order. */
function startValues(settings: Settings, i: number, key: string, itemKey: string, carried: Source): readonly Source[] {
  const { first, step, count, items } = settings;
  const value = (of: unknown, name: string): Constant =>
    new Constant(of, `${key}${name}=${typeof of === "string" ? JSON.stringify(of) : String(of)}`);
  const item = items ? items[i] : null;
  return [
    value(first + i * step, "index"),
    value(i === 0, "first"),
    value(i === count - 1, "last"),
    // What is plain is the same wherever it stands in the list; anything else is known by its place.
    isPlain(item) ? value(item, "item") : new Constant(item, `${itemKey}/${i}`),
    carried,
  ];
}

/**
 * Runs a loop, one iteration after another, each as copies of the body's nodes; the originals never run. An iteration
 * whose `next_iteration_value` is blocked is the last. Without `next_iteration_value` every iteration gets the initial
 * value; blocked output values are left out of what accumulates.
 */
export async function runLoop(end: string, scope: Scope, accumulate: boolean, ctx: RunContext): Promise<Answer> {
  const { graph, loops } = scope;
  const loop = loopEndedBy(loops, end);
  const startNode = graph.get(loop.start) as PromptNode;
  const endInputs = (graph.get(end) as PromptNode).inputs;
  const settings = await settingsOf(startNode, scope, ctx);
  if (isBlocker(settings)) return { outputs: settings };
  const { count, cached } = settings.value;
  const own = repeatedNodes(graph, loops, loop);
  const originals = [...own].map((id) => [id, graph.get(id) as PromptNode] as const);
  const terminations = Object.entries(endInputs).filter(([name]) => name.startsWith("terminations."));

  const run = randomUUID();
  let carried = source(startNode.inputs.initial_iteration_value ?? null, scope, new Set());
  const results: Constant[] = [];
  let blocked: Blocker | undefined;
  for (let i = 0; i < count; i++) {
    // Values with the same key are the same value: a key that never comes again makes everything anew.
    const key = cached ? "loop/" : `~loop/${run}/${i}/`;
    const itemKey = cached && settings.key !== undefined ? settings.key : key;
    const values = startValues(settings.value, i, key, itemKey, carried);
    const inside: Scope = { ...scope, starts: new Map([...scope.starts, [loop.start, values]]) };
    const outputs: Record<string, Source> = {};
    if (endInputs.output_value !== undefined) outputs.output = source(endInputs.output_value, inside, own);
    if (endInputs.next_iteration_value !== undefined)
      outputs.next = source(endInputs.next_iteration_value, inside, own);
    for (const [name, raw] of terminations) outputs[name] = source(raw, inside, own);
    const copies = Object.fromEntries(originals.map(([id, node]) => [id, copyOf(id, node, inside, own)]));
    const { output, next } = await ctx.expand(new Expansion<Record<string, unknown>>(copies, outputs));
    ctx.progress(i + 1, count);
    blocked = isBlocker(output) ? output : undefined;
    if (output !== undefined && !isBlocker(output)) {
      if (!accumulate) results.length = 0;
      results.push(output);
    }
    if (isBlocker(next)) break;
    if (next !== undefined) carried = next;
  }
  return answer(results, blocked, accumulate, count);
}

function answer(
  results: readonly Constant[],
  blocked: Blocker | undefined,
  accumulate: boolean,
  count: number,
): Answer {
  if (accumulate) {
    const values = Object.fromEntries(results.map((result, i) => [`values.value${i}`, result]));
    return new Expansion<Given>({ result: { class_type: loopResult.id, inputs: values } }, { outputs: ["result", 0] });
  }
  const [last] = results;
  if (blocked) return { outputs: blocked };
  if (last) return new Expansion<Given>({}, { outputs: last as Constant<Each<unknown>> });
  return { outputs: block(count === 0 ? "the loop ran zero times, so it has no value" : undefined) };
}
