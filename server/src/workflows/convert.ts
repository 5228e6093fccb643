import type { Definitions, Prompt } from "@mezzotint/engine";
import type { Finding } from "@mezzotint/engine/workflow";
import { Failure, messageOf } from "../failure.js";
import type { Source } from "./source.js";

/** An API prompt, and what could not be known or was decided on the way to it. */
export interface Converted {
  readonly prompt: Prompt;
  readonly findings: readonly Finding[];
}

/** How to convert. */
export interface ConvertChoices {
  /** Leave `{a|b}` and comments in texts as they are. */
  readonly keepDynamicPrompts?: boolean;
  /** What dynamic prompts are resolved from; absent: the workflow's first seed. */
  readonly seed?: bigint | undefined;
}

/** The prompt of a source. One that is in API form already is what ComfyUI would run: nothing in it is resolved. */
export async function promptOf(
  source: Source,
  definitions: Definitions,
  name: string,
  { keepDynamicPrompts = false, seed }: ConvertChoices = {},
): Promise<Converted> {
  if (source.kind === "prompt") return { prompt: source.prompt, findings: [] };
  // Loaded for saved files only: API prompts start faster without it.
  const { readWorkflow, toPrompt } = await import("@mezzotint/engine/workflow");
  try {
    const workflow = readWorkflow(source.saved);
    const { prompt, findings } = toPrompt(workflow, {
      definitions,
      ...(keepDynamicPrompts ? { dynamicPrompts: false } : seed !== undefined && { dynamicPrompts: { seed } }),
    });
    return { prompt, findings: [...workflow.findings, ...findings] };
  } catch (cause) {
    throw new Failure(`${name} is not a workflow: ${messageOf(cause)}`, { cause });
  }
}
