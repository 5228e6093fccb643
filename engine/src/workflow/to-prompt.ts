import type { NodeDefinition } from "../run/node.js";
import type { Prompt, PromptNode } from "../run/prompt.js";
import { chooseTexts } from "./choose-texts.js";
import { definitionsOf } from "./definitions.js";
import type { Workflow } from "./document.js";
import type { Finding } from "./findings.js";
import { filledInputs, promptInputs } from "./leaf.js";
import { type Emitted, resolveNames } from "./names.js";
import { put } from "./records.js";
import { definitionOf, executionId, innerScope, MAX_DEPTH, rootScope, type Scope, tell } from "./scope.js";
import type { NodeView } from "./view.js";
import { isLive, virtualOf } from "./virtual.js";

/** How to convert. */
export interface ConvertOptions {
  /** The node classes that are known here: they name the values that files keep by place. */
  readonly definitions: ReadonlyMap<string, NodeDefinition>;
  /** `{a|b}` in texts is chosen from this seed, or from the workflow's first; `false` leaves texts as they are. */
  readonly dynamicPrompts?: { readonly seed: bigint } | false;
}

/** A workflow as a prompt, and what had to be guessed or left out. */
export interface Conversion {
  readonly prompt: Prompt;
  readonly findings: readonly Finding[];
  /** The seed that texts were chosen from, if any was. */
  readonly seed?: bigint;
}

/** Nodes that a workflow may unfold to; a small file can define more than any machine holds. */
export const MAX_NODES = 100_000;

/**
 * Turns a saved workflow into the prompt that an editor would submit: subgraphs and group nodes unfolded (`outer:inner`
 * ids), what exists in the editor alone resolved, values named. Never throws for what a file says: what cannot be
 * converted is left out and found. The findings of reading are not repeated.
 */
export function toPrompt(workflow: Workflow, options: ConvertOptions): Conversion {
  const findings: Finding[] = [];
  const report = (finding: Finding) => void findings.push(finding);
  const table = definitionsOf(workflow.json, options.definitions);
  for (const group of new Set([...table.values()].map(({ group }) => group)))
    for (const finding of group?.graph.findings ?? []) report(finding);
  const { size, height } = table.get("")!;
  if (size > MAX_NODES || height > MAX_DEPTH + 1) {
    const found =
      size > MAX_NODES
        ? `${size} nodes (at most ${MAX_NODES})`
        : `${height - 1} levels of subgraphs (at most ${MAX_DEPTH})`;
    report({
      severity: "error",
      code: "too-large",
      message: `unfolded, the workflow has ${found}: it needs fewer subgraphs, or smaller ones`,
      graph: "",
    });
    return { prompt: {}, findings };
  }
  const root = rootScope({ classes: options.definitions, table, report, scopes: 0 });
  const nodes = emittedNodes(root);
  for (const one of nodes.values())
    for (const filled of filledInputs(one.scope, one.node)) one.inputs.set(filled.name, filled);
  for (const one of nodes.values()) nameFiles(one, nodes);
  const seed =
    options.dynamicPrompts === false ? undefined : chooseTexts([...nodes.values()], options.dynamicPrompts?.seed);
  const prompt: Record<string, PromptNode> = {};
  for (const one of nodes.values()) put(prompt, one.id, promptNode(one));
  return { prompt, findings, ...(seed === undefined ? {} : { seed }) };
}

/** The nodes that run, in the order of the file, by their id in the prompt. Reports those that cannot be. */
function emittedNodes(root: Scope): ReadonlyMap<string, Emitted> {
  const nodes = new Map<string, Emitted>();
  const visit = (scope: Scope): void => {
    for (const node of scope.graph.nodes.values()) {
      if (!isLive(node) || virtualOf(node)) continue;
      const definition = definitionOf(scope, node);
      if (definition?.circle) {
        const message = `subgraph ${definition.name} holds itself (${definition.circle.join(" → ")}); it is left out`;
        tell(scope, node, { severity: "error", code: "recursive-subgraph", message });
        continue;
      }
      if (definition) {
        visit(innerScope(scope, node)!);
        continue;
      }
      const id = executionId(scope, node);
      if (nodes.has(id)) {
        const message = `another node has the id ${id} in the prompt; this one is left out until one of them has another id`;
        tell(scope, node, { severity: "error", code: "id-collision", message });
        scope.left.add(node);
        continue;
      }
      if (!scope.unfolding.classes.has(node.type) && looksLikeSubgraph(node)) {
        const message =
          "the file does not define this subgraph; save it again from an editor that shows what is inside";
        tell(scope, node, { severity: "error", code: "missing-subgraph", message });
      }
      nodes.set(id, { id, scope, node, inputs: new Map() });
    }
  };
  visit(root);
  return nodes;
}

const looksLikeSubgraph = ({ type }: NodeView): boolean =>
  /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(type) || /^workflow[>/]/.test(type);

function nameFiles({ scope, node, inputs }: Emitted, nodes: ReadonlyMap<string, Emitted>): void {
  const filled = inputs.get("filename_prefix");
  if (!filled || typeof filled.value !== "string") return;
  const remark = (message: string) =>
    tell(scope, node, { severity: "note", code: "file-name", message, input: filled.name });
  const value = resolveNames(filled.value, scope, (other) => nodes.get(executionId(scope, other)), remark);
  inputs.set(filled.name, { ...filled, value });
}

function promptNode({ scope, node, inputs }: Emitted): PromptNode {
  const title = node.title || scope.unfolding.classes.get(node.type)?.title || node.type;
  return { inputs: promptInputs([...inputs.values()]), class_type: node.type, _meta: { title } };
}
