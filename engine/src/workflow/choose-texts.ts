import { shown } from "../run/problems.js";
import { promptRandom, resolveDynamicPrompt } from "./dynamic-prompts.js";
import type { Finding } from "./findings.js";
import type { Emitted } from "./names.js";
import { tell } from "./scope.js";

/**
 * Resolves the dynamic prompts of nodes that are emitted, from the seed that is asked for, or the workflow's own: the
 * first input that is called `seed` or `noise_seed`, else the first that changes after each run, else 0. Returns the seed
 * if any text changed.
 */
export function chooseTexts(nodes: readonly Emitted[], asked: bigint | undefined): bigint | undefined {
  const seed = asked ?? firstSeed(nodes) ?? 0n;
  let used = false;
  for (const one of nodes) {
    for (const filled of one.inputs.values()) {
      const { name, value: text, input } = filled;
      if (typeof text !== "string" || !input?.options?.dynamicPrompts) continue;
      const say = (severity: Finding["severity"], message: string) =>
        tell(one.scope, one.node, { severity, code: "dynamic-prompt", message, input: name });
      try {
        const value = resolveDynamicPrompt(text, promptRandom(seed, `${one.id}.${name}`));
        if (value === text) continue;
        used = true;
        one.inputs.set(name, { ...filled, value });
        say("note", `${shown(text)} became ${shown(value)} (seed ${seed})`);
      } catch (error) {
        say("warning", `${(error as Error).message}; it is left as it is`);
      }
    }
  }
  return used ? seed : undefined;
}

function firstSeed(nodes: readonly Emitted[]): bigint | undefined {
  let changing: bigint | undefined;
  for (const { inputs } of nodes) {
    for (const { name, value, linked, input } of inputs.values()) {
      const seed = linked ? undefined : wholeNumber(value);
      if (seed === undefined) continue;
      if (/(?:^|\.)(?:noise_)?seed$/.test(name)) return seed;
      if (input?.options?.control_after_generate) changing ??= seed;
    }
  }
  return changing;
}

function wholeNumber(value: unknown): bigint | undefined {
  if (typeof value === "bigint") return value;
  return Number.isInteger(value) ? BigInt(value as number) : undefined;
}
