import { type Definitions, isLink, type Prompt } from "@mezzotint/engine";
import { isCall, withInput } from "./node-inputs.js";

/** The largest seed. */
export const MAX_SEED = 0xffff_ffff_ffff_ffffn;

/** Gives every seed in the workflow that is not linked the same value; nothing when there is none. */
export function withSeed(prompt: Prompt, definitions: Definitions, seed: bigint): Prompt | undefined {
  let result = prompt;
  for (const [id, node] of Object.entries(prompt)) {
    if (!isCall(node)) continue;
    for (const [input, { options }] of Object.entries(definitions.get(node.class_type)?.inputs ?? {})) {
      if (options?.control_after_generate && !isLink(node.inputs[input]))
        result = withInput(result, { id, input }, seed);
    }
  }
  return result === prompt ? undefined : result;
}
