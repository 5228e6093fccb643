import type { Definitions, Prompt } from "@mezzotint/engine";
import { declaredParameters, jsonType, type Parameter, titledParameters } from "../../workflows/parameters.js";

/** What a workflow takes, as JSON Schema: for a form, a client, or a person. */
export function inputSchema(prompt: Prompt, definitions: Definitions, block: unknown): object {
  const parameters =
    block === undefined ? titledParameters(prompt, definitions) : declaredParameters(block, prompt, definitions);
  return {
    type: "object",
    properties: Object.fromEntries(parameters.map((parameter) => [parameter.name, propertyOf(parameter, prompt)])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
    additionalProperties: false,
  };
}

function propertyOf({ targets, description, default: value, min, max, choices }: Parameter, prompt: Prompt): object {
  const [{ id, input, definition }] = targets as [Parameter["targets"][number]];
  const held = prompt[id]?.inputs[input];
  const about = description ?? definition.options?.tooltip;
  return {
    type: jsonType(definition),
    ...(about !== undefined && { description: about }),
    default: value ?? (typeof held === "object" ? null : held),
    ...(min !== undefined && { minimum: min }),
    ...(max !== undefined && { maximum: max }),
    ...((choices ?? definition.choices) && { enum: choices ?? definition.choices }),
    "x-sets": targets.map((target) => `${target.id}.${target.input}`),
  };
}
