import { shown } from "../run/problems.js";
import { promptRandom, resolveDynamicPrompt } from "./dynamic-prompts.js";
import type { Finding } from "./findings.js";
import type { Filled } from "./leaf.js";
import type { Emitted } from "./names.js";
import { tell } from "./scope.js";
import { isSeed } from "./widgets.js";

/**
 * Resolves the dynamic prompts of nodes that are emitted, from the seed that is asked for, or the first in the file, or 0.
 * Returns the seed if any text changed.
 */
export function chooseTexts(nodes: Iterable<Emitted>, asked: bigint | undefined): bigint | undefined {
  const texts: { readonly one: Emitted; readonly filled: Filled; readonly text: string }[] = [];
  let seed = asked;
  for (const one of nodes) {
    for (const filled of one.inputs.values()) {
      const { value, linked, input } = filled;
      if (typeof value === "string" && input?.options?.dynamicPrompts) texts.push({ one, filled, text: value });
      else if (seed === undefined && !linked) seed = seedIn(filled);
    }
  }
  seed ??= 0n;
  let used = false;
  for (const { one, filled, text } of texts) {
    const say = (severity: Finding["severity"], message: string) =>
      tell(one.scope, one.node, { severity, code: "dynamic-prompt", message, input: filled.name });
    try {
      const value = resolveDynamicPrompt(text, promptRandom(seed, `${one.id}.${filled.name}`));
      if (value === text) continue;
      used = true;
      one.inputs.set(filled.name, { ...filled, value });
      say("note", `${shown(text)} became ${shown(value)} (seed ${seed})`);
    } catch (error) {
      say("warning", `${(error as Error).message}; it is left as it is`);
    }
  }
  return used ? seed : undefined;
}

function seedIn({ name, value, input }: Filled): bigint | undefined {
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (!isSeed(last, input ?? { type: "INT" })) return undefined;
  if (typeof value === "bigint") return value;
  return Number.isInteger(value) ? BigInt(value as number) : undefined;
}
