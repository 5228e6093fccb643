/** `[node id, output slot]`: where an input's value comes from. */
export type Link = readonly [node: string, slot: number];

/** One node call of a prompt in ComfyUI's API format. */
export interface PromptNode {
  readonly class_type: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  /** `display`, in expansions: the node of the user's prompt that this one is shown on, if not the one that expands. */
  readonly _meta?: { readonly title?: string; readonly display?: string };
}

/** A graph of node calls by node id: ComfyUI's API format, as parsed JSON with integers beyond 2^53 as bigints. */
export type Prompt = Readonly<Record<string, PromptNode>>;

/** Whether an input of a prompt is a link; a list as a value is wrapped, `{"__value__": […]}`. */
export const isLink = (value: unknown): value is Link =>
  Array.isArray(value) && value.length === 2 && typeof value[0] === "string" && Number.isInteger(value[1]);
