import {
  ANY,
  any,
  BOOLEAN,
  block,
  defineNode,
  definePack,
  describe as describePacks,
  each,
  isRefused,
  lazy,
  list,
  memoryCache,
  nodesOf,
  optional,
  type Prompt,
  plan,
  provide,
  type RunEvent,
  run,
  services,
} from "@mezzotint/engine";
import pack, { FOLDERS, openFolders } from "../src/index.js";

/** What passed a `Note` or reached a `Save`, with its label, in order. Tests empty it. */
export const notes: string[] = [];

const probes = definePack({
  name: "probes",
  version: "1",
  nodes: [
    defineNode({
      id: "Add",
      category: "test",
      doc: "a + b",
      inputs: { a: any(), b: any() },
      outputs: { sum: ANY },
      run: ({ a, b }) => ({ sum: Number(a) + Number(b) }),
    }),
    defineNode({
      id: "Note",
      category: "test",
      doc: "Notes that it ran, and passes its value on.",
      inputs: { label: any(), value: any() },
      outputs: { value: ANY },
      run: ({ label, value }) => {
        notes.push(`${String(label)} ${JSON.stringify(value)}`);
        return { value };
      },
    }),
    defineNode({
      id: "Save",
      category: "test",
      doc: "An output node without outputs.",
      inputs: { label: any(), value: any() },
      outputs: {},
      output: true,
      run: ({ label, value }) => {
        notes.push(`${String(label)} ${JSON.stringify(value)}`);
        return {};
      },
    }),
    defineNode({
      id: "Show",
      category: "test",
      doc: "Ends a prompt.",
      inputs: { value: list(any()) },
      outputs: { value: each(ANY) },
      output: true,
      run: ({ value }) => ({ value }),
    }),
    defineNode({
      id: "Items",
      category: "test",
      doc: "Three items.",
      inputs: {},
      outputs: { items: each(ANY) },
      run: () => ({ items: ["a", "b", "c"] }),
    }),
    defineNode({
      id: "Below",
      category: "test",
      doc: "Blocks a value from a limit on.",
      inputs: { value: any(), limit: any() },
      outputs: { value: ANY },
      run: ({ value, limit }) => ({ value: Number(value) < Number(limit) ? value : block() }),
    }),
    defineNode({
      id: "Switch",
      category: "test",
      doc: "One of two.",
      inputs: { yes: any(), a: optional(lazy(any())), b: optional(lazy(any())) },
      outputs: { value: ANY },
      run: async ({ yes, a, b }) => ({ value: await (yes ? a : b)?.() }),
    }),
    defineNode({
      id: "Fail",
      category: "test",
      doc: "Fails at 2.",
      inputs: { value: any() },
      outputs: { ok: BOOLEAN },
      run: ({ value }) => {
        if (value === 2) throw new Error("two is too much");
        return { ok: true };
      },
    }),
  ],
});

const use = services([provide(FOLDERS, openFolders({ data: "no such folder" }))]);
const packs = [pack, probes];
const nodes = nodesOf(packs);
/** A Start Loop in simple mode. */
export const start = (count: number, more = {}) => ({
  class_type: "StartLoop",
  inputs: { mode: "simple", "mode.num_iterations": count, cache_iterations: false, ...more },
});
export const call = (class_type: string, inputs: Record<string, unknown>) => ({
  class_type,
  inputs: { ...DEFAULTS[class_type], ...inputs },
});

/** What an editor would store for the widgets that most tests leave alone. */
const DEFAULTS: Readonly<Record<string, Record<string, unknown>>> = {
  StartLoop: { cache_iterations: false },
  EndLoop: { accumulate: false },
};

/** Runs a prompt of core and probe nodes, and gives what arrived at its node `show`. */
export async function runPrompt(
  prompt: Prompt,
  { cache = memoryCache(1e8), events = [] as RunEvent[], signal = new AbortController().signal } = {},
) {
  // Folders are not needed here, and not offered: LoadImage alone would ask for them.
  const withoutFiles = packs.map((one) => ({ ...one, nodes: one.nodes.filter(({ id }) => id !== "LoadImage") }));
  const definitions = await describePacks(withoutFiles, use);
  const planned = plan(prompt, definitions);
  if (isRefused(planned)) throw new Error(JSON.stringify(planned));
  const outputs = await run(planned, {
    nodes,
    definitions,
    cache,
    use,
    prompt,
    signal,
    emit: (event) => void events.push(event),
  });
  return outputs.get("show")?.[0];
}
