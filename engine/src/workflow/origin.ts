import { bypassedInput, inputNamed, outputPlace } from "./bypass.js";
import { outputLink } from "./consumers.js";
import { overridesOf, promotedValue } from "./promoted.js";
import { definitionOf, executionId, innerScope, type Scope, tell } from "./scope.js";
import { variable } from "./variables.js";
import type { InputView, LinkView, NodeView } from "./view.js";
import { firstValue, isBypassed, isLive, isMuted, virtualOf } from "./virtual.js";

/** What feeds an input: an output of a node that runs, or a value that the editor keeps elsewhere. */
export type Origin =
  | { readonly kind: "output"; readonly scope: Scope; readonly node: NodeView; readonly slot: number }
  | { readonly kind: "literal"; readonly value: unknown };

/** A place on the way back: an input of a node, or (`slot`) one of its outputs. */
interface Place {
  readonly scope: Scope;
  readonly node: NodeView;
  readonly input?: InputView;
  readonly slot?: number;
}

/** Where to go on from a place, or what was found there; neither if nothing feeds it. */
type Next = {
  readonly to?: Place | undefined;
  readonly found?: Origin | undefined;
  readonly otherwise?: () => Origin | undefined;
};

const NOTHING: Next = {};

/** What is known of a node's inputs and outputs: what feeds them, or that it is being followed. */
type Known = Map<InputView | number, Origin | "followed" | undefined>;
const cache = new WeakMap<Scope, Map<NodeView, Known>>();

/**
 * Follows what feeds an input of a node backwards, through Reroutes, primitives, Set and Get nodes, bypassed nodes and
 * the boundaries of subgraphs. Nothing if the way ends at a muted node or nowhere, which is reported.
 */
export function originOf(scope: Scope, node: NodeView, input: InputView): Origin | undefined {
  const path: { readonly known: Known; readonly key: InputView | number; readonly otherwise: Next["otherwise"] }[] = [];
  let found: Origin | undefined;
  for (let place: Place | undefined = { scope, node, input }; place; ) {
    const known = knownOf(place);
    const key: InputView | number = place.input ?? place.slot!;
    const before = known.get(key);
    if (before === "followed") {
      const message = "what feeds it leads back to itself, through nodes that never run; it is left unlinked";
      tell(scope, node, { severity: "error", code: "virtual-cycle", message, input: input.name });
      break;
    }
    if (known.has(key)) {
      found = before;
      break;
    }
    known.set(key, "followed");
    const next: Next = place.input
      ? fromInput(place.scope, place.node, place.input)
      : fromOutput(place.scope, place.node, place.slot!);
    path.push({ known, key, otherwise: next.otherwise });
    found = next.found;
    place = next.to;
  }
  for (const { known, key, otherwise } of path.reverse()) {
    found ??= otherwise?.();
    known.set(key, found);
  }
  return found;
}

function knownOf({ scope, node }: Place): Known {
  const nodes = cache.get(scope) ?? new Map<NodeView, Known>();
  if (nodes.size === 0) cache.set(scope, nodes);
  const known = nodes.get(node) ?? new Map<InputView | number, Origin | "followed" | undefined>();
  if (known.size === 0) nodes.set(node, known);
  return known;
}

function fromInput(scope: Scope, node: NodeView, input: InputView): Next {
  const otherwise = isLive(node) && definitionOf(scope, node) ? () => promoted(scope, node, input.name) : undefined;
  if (input.link === undefined) return { ...(otherwise && { otherwise }) };
  const link = scope.graph.links.get(input.link);
  const next = link
    ? fromLink(scope, link, { node, input: input.name })
    : dangling(scope, node, input.name, `link ${input.link} is not in the file`);
  return otherwise ? { ...next, otherwise } : next;
}

function fromLink(scope: Scope, link: LinkView, reader: { readonly node: NodeView; readonly input?: string }): Next {
  if (scope.outer && link.origin === scope.graph.inputNode) return fromBoundary(scope, scope.outer, link.slot, reader);
  const node = scope.graph.nodes.get(link.origin);
  if (node) return { to: { scope, node, slot: link.slot } };
  return dangling(
    scope,
    reader.node,
    reader.input,
    `link ${link.id} comes from node ${link.origin}, which is not there`,
  );
}

function fromBoundary(
  scope: Scope,
  { scope: around, instance }: NonNullable<Scope["outer"]>,
  slot: number,
  reader: { readonly node: NodeView; readonly input?: string },
): Next {
  const boundary = scope.graph.inputs[slot];
  if (!boundary) return dangling(scope, reader.node, reader.input, `the subgraph has no input ${slot}`);
  const input = inputNamed(instance, boundary.name);
  if (input) return { to: { scope: around, node: instance, input } };
  return { found: promoted(around, instance, boundary.name) };
}

function promoted(scope: Scope, instance: NodeView, name: string): Origin | undefined {
  const value = promotedValue(scope, instance, name);
  return value === undefined ? undefined : { kind: "literal", value };
}

function fromOutput(scope: Scope, node: NodeView, slot: number): Next {
  if (isMuted(node)) return NOTHING;
  const virtual = virtualOf(node);
  if (virtual) return fromVirtual(scope, node, virtual);
  const definition = definitionOf(scope, node);
  if (isBypassed(node)) {
    const input = bypassedInput(node, slot, definition);
    return input ? { to: { scope, node, input } } : NOTHING;
  }
  if (!definition) return scope.left.has(node) ? NOTHING : { found: { kind: "output", scope, node, slot } };
  const inner = innerScope(scope, node);
  if (!inner) return NOTHING;
  const place = outputPlace(node, slot, definition);
  const link = place === undefined ? undefined : outputLink(inner.graph, place);
  if (link) return fromLink(inner, link, { node });
  return dangling(
    scope,
    node,
    undefined,
    `its output ${node.outputs[slot]?.name || slot} comes from nothing inside the subgraph`,
  );
}

function fromVirtual(scope: Scope, node: NodeView, virtual: ReturnType<typeof virtualOf>): Next {
  switch (virtual) {
    case "reroute":
    case "set":
      return node.inputs[0] ? { to: { scope, node, input: node.inputs[0] } } : NOTHING;
    case "get": {
      const set = isLive(node) ? variable(scope, node) : undefined;
      return set ? { to: { ...set, slot: 0 } } : NOTHING;
    }
    case "primitive": {
      const value = isLive(node) ? (overridesOf(scope, node)?.get("value") ?? firstValue(node)) : undefined;
      return value === undefined || value === null ? NOTHING : { found: { kind: "literal", value } };
    }
    default:
      return NOTHING;
  }
}

function dangling(scope: Scope, node: NodeView, input: string | undefined, reason: string): Next {
  const message = `${reason}; it is treated as unlinked`;
  tell(scope, node, { severity: "warning", code: "dangling-link", message, ...(input === undefined ? {} : { input }) });
  return NOTHING;
}

/** A link of the prompt to an origin. */
export const linkTo = ({ scope, node, slot }: Extract<Origin, { kind: "output" }>): readonly [string, number] => [
  executionId(scope, node),
  slot,
];
