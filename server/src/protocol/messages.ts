import { type Preview, stringifyJson } from "@mezzotint/engine";
import type { Note } from "../jobs/dispatcher-events.js";
import type { RunNode } from "../jobs/dispatcher-run.js";

/** Only what nodes show may hold 64-bit integers; for all else JavaScript's own JSON is several times faster. */
const text = (type: string, data: unknown): string => JSON.stringify({ type, data });

/** `status`: how many jobs wait or run; in a socket's first message also the id by which the server knows it. */
export const statusText = (remaining: number, sid?: string): string =>
  text("status", { status: { exec_info: { queue_remaining: remaining } }, sid });

/** `feature_flags`: what this server can do. */
export const featuresText = (features: Readonly<Record<string, unknown>>): string => text("feature_flags", features);

/** `execution_start`, `execution_cached`, `execution_success`, `execution_error` or `execution_interrupted`. */
export const noteText = ([name, data]: Note): string => text(name, data);

/** `executing`: a node begins; without one, the job is over. */
export const executingText = (prompt_id: string, node?: RunNode): string =>
  text("executing", node ? { node: node.node, display_node: node.display, prompt_id } : { node: null, prompt_id });

/** `executed`: what a node showed. */
export const executedText = (prompt_id: string, { node, display }: RunNode, output: unknown): string =>
  stringifyJson({ type: "executed", data: { node, display_node: display, output, prompt_id } });

/** `progress`: how far one node is. */
export const progressText = (prompt_id: string, { node, value, max }: RunNode): string =>
  text("progress", { value, max, prompt_id, node });

/** `progress_state`: how far all nodes are that run or ran. */
export function progressStateText(prompt_id: string, nodes: ReadonlyMap<string, RunNode>): string {
  const states = Array.from(nodes.values(), (one) => [
    one.node,
    { value: one.value, max: one.max, state: one.state, ...namesOf(prompt_id, one) },
  ]);
  return text("progress_state", { prompt_id, nodes: Object.fromEntries(states) });
}

const namesOf = (prompt_id: string, { node, display, parent, real }: RunNode) => ({
  node_id: node,
  prompt_id,
  display_node_id: display,
  parent_node_id: parent ?? null,
  real_node_id: real,
});

/** The four bytes that a binary message begins with. */
const PREVIEW_IMAGE = 1;
const PREVIEW_IMAGE_WITH_METADATA = 4;

/** A preview for clients that know nothing of metadata: 1, then 2 for PNG or 1 for all else, both big-endian; the picture. */
export function previewFrame({ mime, bytes }: Preview): Uint8Array {
  const frame = Buffer.allocUnsafe(8 + bytes.byteLength);
  frame.writeUInt32BE(PREVIEW_IMAGE, 0);
  frame.writeUInt32BE(mime === "image/png" ? 2 : 1, 4);
  frame.set(bytes, 8);
  return frame;
}

/** A preview that says which node makes it: 4, the length of the JSON text that follows, the text, the picture. */
export function describedPreviewFrame(prompt_id: string, node: RunNode, { mime, bytes }: Preview): Uint8Array {
  const about = Buffer.from(JSON.stringify({ ...namesOf(prompt_id, node), image_type: mime }));
  const frame = Buffer.allocUnsafe(8 + about.length + bytes.byteLength);
  frame.writeUInt32BE(PREVIEW_IMAGE_WITH_METADATA, 0);
  frame.writeUInt32BE(about.length, 4);
  frame.set(about, 8);
  frame.set(bytes, 8 + about.length);
  return frame;
}
