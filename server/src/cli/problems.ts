import type { PromptProblems, Refused } from "@mezzotint/engine";
import { Failure } from "../failure.js";
import { printable } from "./printable.js";

const MOST = 20;

/** A prompt that planning refused, or some of whose outputs it would leave out. `body` is ComfyUI's HTTP 400. */
export class InvalidWorkflow extends Failure {
  readonly body: Refused;

  /** `ways`: a sentence for the end that says what to do. */
  constructor(name: string, body: Refused, ways?: string) {
    const lines = detailsOf(body.node_errors);
    const shown = lines.length === 0 ? [body.error.details] : lines.slice(0, MOST);
    const more = lines.length > MOST ? [`… and ${lines.length - MOST} more`] : [];
    const end = ways === undefined ? [] : [ways];
    super(
      `${name} is not a valid workflow\n${[...shown, ...more, ...end].map((line) => `  ${printable(line)}`).join("\n")}`,
    );
    this.body = body;
  }
}

/** Each problem's sentence; planning put the node's id, the input and what was found into it. */
export const detailsOf = (problems: PromptProblems): readonly string[] => [
  ...new Set(Object.values(problems).flatMap(({ errors }) => errors.map(({ details }) => details))),
];
