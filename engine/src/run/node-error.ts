import { nameOf, type Step, titleOf } from "./step.js";

/** A failure inside a node, with the node's place. The cause is what the node threw. */
export class NodeError extends Error {
  override readonly name = "NodeError";
  readonly node: string;
  /** The node's class name. */
  readonly classType: string;
  /** The title that the user gave the node. */
  readonly title: string | undefined;
  /** The node of the user's prompt that it belongs to. */
  readonly display: string;

  constructor(step: Step, display: string, cause: unknown) {
    super(`${nameOf(step.id, step.call)}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.node = step.id;
    this.classType = step.definition.id;
    this.title = titleOf(step.call);
    this.display = display;
  }
}
