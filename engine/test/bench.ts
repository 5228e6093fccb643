import { type Definitions, describe, nodesOf } from "../src/run/describe.js";
import type { NodeEvent, RunEvent } from "../src/run/events.js";
import type { NodeType } from "../src/run/node.js";
import { definePack } from "../src/run/pack.js";
import { isRefused, type Plan, plan } from "../src/run/plan.js";
import type { Prompt } from "../src/run/prompt.js";
import { type RunOptions, run } from "../src/run/run.js";
import { services } from "../src/run/service.js";
import type { Outputs } from "../src/run/task.js";

/** What a run said and gave. */
export interface Benched {
  readonly events: readonly NodeEvent[];
  /** What it recalled before anything started, each time it told so. */
  readonly recalled: readonly (readonly string[])[];
  readonly outputs: ReadonlyMap<string, Outputs>;
}

/** Some nodes ready to run prompts, and what a run of them said and gave. */
export interface Bench {
  readonly definitions: Definitions;
  readonly nodes: ReadonlyMap<string, NodeType>;
  /** Plans a prompt; throws what is wrong with it. */
  readonly plan: (prompt: Prompt, targets?: readonly string[]) => Plan;
  readonly run: (
    prompt: Prompt,
    options?: Partial<RunOptions> & { readonly targets?: readonly string[] },
  ) => Promise<Benched>;
}

/** Puts some nodes on a bench, for tests: `await (await bench([blur])).run({ … })`. */
export async function bench(nodeTypes: readonly NodeType[]): Promise<Bench> {
  const packs = [definePack({ name: "bench", version: "1", nodes: nodeTypes })];
  const definitions = await describe(packs, services([]));
  const nodes = nodesOf(packs);
  const planned = (prompt: Prompt, targets?: readonly string[]): Plan => {
    const result = plan(prompt, definitions, { targets });
    if (isRefused(result)) throw new Error(`${result.error.type}: ${result.error.details}`);
    return result;
  };
  return {
    definitions,
    nodes,
    plan: planned,
    async run(prompt, { targets, ...options } = {}) {
      const events: NodeEvent[] = [];
      const recalled: (readonly string[])[] = [];
      const emit = (event: RunEvent) => {
        if (event.type === "recalled") recalled.push(event.nodes);
        else events.push(event);
      };
      const outputs = await run(planned(prompt, targets), { nodes, definitions, prompt, emit, ...options });
      return { events, recalled, outputs };
    },
  };
}
