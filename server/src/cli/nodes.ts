import type { InputDefinition, NodeDefinition } from "@mezzotint/engine";
import { stringifyJson } from "@mezzotint/engine";
import { Failure } from "../failure.js";
import { places } from "../places.js";
import { openRuntime } from "../runtime.js";
import { type Palette, palette } from "./colour.js";

/** Options of `nodes`, as commander gives them. */
export interface NodesOptions {
  readonly json?: boolean;
  readonly data?: string;
  readonly pack?: readonly string[];
}

const MOST_CHOICES = 12;

/** How a literal for this input looks, e.g. `FLOAT = 8, 0 to 100` or `euler | heun | …`. */
function explain({ type, choices, options, optional, lazy, list, hidden, grow }: InputDefinition): string {
  const range =
    options?.min === undefined && options?.max === undefined ? "" : `, ${options.min ?? "…"} to ${options.max ?? "…"}`;
  const kind = choices
    ? `${choices.slice(0, MOST_CHOICES).join(" | ")}${choices.length > MOST_CHOICES ? ` | … (${choices.length})` : ""}` ||
      "(none yet)"
    : type;
  const preset = options?.default === undefined || options.default === "" ? "" : ` = ${options.default}`;
  const flags = [
    optional && "may be empty",
    lazy && "only if needed",
    list && "the whole list",
    hidden && "filled in by the run",
    grow && `any number, as ${grow.prefix}0, ${grow.prefix}1, …`,
  ].filter(Boolean);
  return `${kind}${preset}${range}${flags.length > 0 ? ` (${flags.join(", ")})` : ""}`;
}

function page(node: NodeDefinition, { bold, dim }: Palette): string {
  const width = Math.max(
    0,
    ...Object.keys(node.inputs).map((name) => name.length),
    ...Object.keys(node.outputs).map((name) => name.length),
  );
  const inputs = Object.entries(node.inputs)
    .filter(([, input]) => !input.hidden)
    .map(
      ([name, input]) =>
        `  ${name.padEnd(width)}  ${explain(input)}${input.options?.tooltip ? dim(`  ${input.options.tooltip}`) : ""}`,
    );
  const outputs = Object.entries(node.outputs).map(
    ([name, { type, list }], slot) =>
      `  ${name.padEnd(width)}  ${type}${list ? ", one by one" : ""}${dim(`  slot ${slot}`)}`,
  );
  return [
    `${bold(node.id)}${node.title && node.title !== node.id ? ` – ${node.title}` : ""}${dim(`  ${node.category}${node.pack ? `, from ${node.pack.name} ${node.pack.version}` : ""}`)}`,
    node.doc,
    ...(inputs.length > 0 ? ["", "inputs", ...inputs] : []),
    ...(outputs.length > 0 ? ["", "outputs", ...outputs] : []),
  ].join("\n");
}

function overview(nodes: readonly NodeDefinition[], { bold, dim }: Palette): string {
  const width = Math.max(...nodes.map(({ id }) => id.length));
  const categories = [...new Set(nodes.map(({ category }) => category))].sort();
  return categories
    .map((category) => {
      const lines = nodes
        .filter((node) => node.category === category)
        .map(({ id, doc }) => `  ${id.padEnd(width)}  ${dim(doc)}`);
      return [bold(category), ...lines].join("\n");
    })
    .join("\n\n");
}

/** `mezzotint nodes [NAME]`: every node by category, or all about one. */
export async function nodesCommand(name: string | undefined, { json, data, pack }: NodesOptions): Promise<void> {
  const { definitions } = await openRuntime({
    places: places({ ...(data && { data }) }),
    ...(pack && { localPacks: pack }),
  });
  const offered = [...definitions.values()].filter((node) => !node.internal);
  const one = name === undefined ? undefined : (definitions.get(name) ?? byTitle(offered, name));
  if (name !== undefined && !one) {
    throw new Failure(
      `there is no node type ${JSON.stringify(name)}${near(offered, name)}; "mezzotint nodes" lists all ${offered.length}`,
    );
  }
  const colours = palette(process.stdout);
  if (json) console.log(stringifyJson(one ?? offered));
  else console.log(one ? page(one, colours) : overview(offered, colours));
}

const byTitle = (nodes: readonly NodeDefinition[], name: string): NodeDefinition | undefined =>
  nodes.find(({ id, title }) => [id, title].some((known) => known?.toLowerCase() === name.toLowerCase()));

function near(nodes: readonly NodeDefinition[], name: string): string {
  const wanted = name.toLowerCase();
  const found = nodes.filter(({ id, title = "" }) => `${id} ${title}`.toLowerCase().includes(wanted)).slice(0, 5);
  return found.length > 0 ? ` (there is ${found.map(({ id }) => id).join(", ")})` : "";
}
