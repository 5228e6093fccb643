import {
  bool,
  branch,
  choice,
  choiceOf,
  float,
  grow,
  type Input,
  type InputDefinition,
  int,
  link,
  optional,
  seed,
  text,
} from "../src/run/inputs.js";
import type { NodeDefinition } from "../src/run/node.js";
import { FLOAT, INT, STRING, socket } from "../src/run/socket.js";
import { readWorkflow } from "../src/workflow/document.js";
import type { Finding } from "../src/workflow/findings.js";
import { type ConvertOptions, toPrompt } from "../src/workflow/to-prompt.js";

const MODEL = socket("MODEL");
const CLIP = socket("CLIP");
const CONDITIONING = socket("CONDITIONING");
const LATENT = socket("LATENT");
const IMAGE = socket("IMAGE");

const define = (
  id: string,
  inputs: Record<string, Input<unknown>>,
  outputs: readonly string[] = [],
): NodeDefinition => ({
  id,
  title: `${id} title`,
  category: "test",
  doc: "",
  inputs: inputs as unknown as Record<string, InputDefinition>,
  outputs: Object.fromEntries(outputs.map((type) => [type, { type }])),
});

/** Classes with every kind of widget. */
export const classes: ReadonlyMap<string, NodeDefinition> = new Map(
  [
    define("Loader", { name: { ...choiceOf(() => []), choices: ["a.safetensors"] } }, ["MODEL", "CLIP"]),
    define("Encode", { text: text({ multiline: true, dynamicPrompts: true }), clip: link(CLIP) }, ["CONDITIONING"]),
    define(
      "Sampler",
      {
        model: link(MODEL),
        seed: seed(),
        steps: int({ default: 20 }),
        cfg: float({ default: 8 }),
        sampler: choice(["euler", "heun"]),
        positive: link(CONDITIONING),
        denoise: optional(float({ default: 1 })),
      },
      ["LATENT"],
    ),
    define("Decode", { samples: link(LATENT) }, ["IMAGE"]),
    define("LoadImage", { image: { ...choiceOf(() => [], { image_upload: true }), choices: [] } }, ["IMAGE", "MASK"]),
    define("LoadMask", {
      image: { ...choiceOf(() => [], { image_upload: true }), choices: [] },
      channel: choice(["alpha", "red"]),
    }),
    define("Save", { images: link(IMAGE), filename_prefix: text({ default: "out" }) }),
    define("Int", { value: int({ control_after_generate: true }) }, ["INT"]),
    define("Invert", { image: link(IMAGE) }, ["IMAGE"]),
    define(
      "Resize",
      {
        image: link(IMAGE),
        size: branch({ scale: { factor: float({ default: 2 }) }, exact: { width: int(), height: int() } }),
        smooth: bool({ default: true }),
      },
      ["IMAGE"],
    ),
    define("Batch", { images: grow(link(IMAGE), { prefix: "image" }) }, ["IMAGE"]),
    define("Late", { b: optional(int({ default: 7 })), a: int(), strength: float({ forceInput: true }) }),
    define("Add", { a: link(INT), b: link(INT) }, ["INT"]),
    define("Texts", { text: link(STRING), amount: link(FLOAT) }),
  ].map((definition) => [definition.id, definition]),
);

/** `[name, type, link, "w"]`: an input, with a widget if it ends so. */
export type In = readonly [name: string, type: string, link: number | string | null, widget?: "w"];

/** What a node has besides: `outs` are names, with types where they differ, `sum=INT`. */
export interface Rest {
  readonly ins?: readonly In[];
  readonly outs?: readonly string[];
  readonly [key: string]: unknown;
}

/** A node as files have it. */
export const node = (id: number | string, type: unknown, { ins = [], outs = [], ...rest }: Rest = {}) => ({
  id,
  type,
  mode: 0,
  inputs: ins.map(([name, type, link, widget]) => ({ name, type, link, ...(widget && { widget: { name } }) })),
  outputs: outs.map((name) => ({ name: name.split("=")[0], type: name.split("=").at(-1), links: [] })),
  properties: {},
  ...rest,
});

/** Links as subgraphs have them, from `[id, origin, slot, target, slot]`. */
export const objects = (links: readonly (readonly (number | string)[])[]) =>
  links.map(([id, origin_id, origin_slot, target_id, target_slot]) => ({
    ...{ id, origin_id, origin_slot, target_id, target_slot },
    type: "*",
  }));

/** The definition of a subgraph; `ins` and `outs` are names, with types if they matter: `image=IMAGE`. */
export const subgraph = (
  id: string,
  {
    ins = [],
    outs = [],
    ...rest
  }: { readonly ins?: readonly string[]; readonly outs?: readonly string[] } & {
    readonly nodes: readonly unknown[];
    readonly links: readonly unknown[];
  },
) => {
  const slot = (name: string) => ({ id: `${id} ${name}`, name: name.split("=")[0], type: name.split("=")[1] ?? "*" });
  return {
    ...{ id, name: `the ${id}`, inputNode: { id: -10 }, outputNode: { id: -20 } },
    ...{ inputs: ins.map(slot), outputs: outs.map(slot) },
    ...rest,
  };
};

/** Converts a file given in parts, and says what it found by code. */
export function convert(
  nodes: readonly unknown[],
  links: readonly unknown[] = [],
  {
    subgraphs,
    options,
    ...rest
  }: {
    readonly subgraphs?: readonly unknown[];
    readonly options?: Partial<ConvertOptions>;
    readonly extra?: unknown;
  } = {},
) {
  const file = { version: 0.4, nodes, links, ...(subgraphs && { definitions: { subgraphs } }), ...rest };
  const workflow = readWorkflow(file);
  const { prompt, findings, seed } = toPrompt(workflow, { definitions: classes, ...options });
  const inputs = Object.fromEntries(Object.entries(prompt).map(([id, { inputs }]) => [id, inputs]));
  const told = (code: string): readonly string[] =>
    [...workflow.findings, ...findings]
      .filter((finding: Finding) => finding.code === code)
      .map(({ message }) => message);
  return { workflow, prompt, inputs, findings, told, seed, codes: findings.map(({ code }) => code) };
}
