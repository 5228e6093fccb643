import { stringifyJson } from "@mezzotint/engine";
import { EXIT, type ExitCode } from "../failure.js";
import { prepare, type WorkflowOptions } from "./prepare.js";
import { InvalidWorkflow } from "./problems.js";

/** `mezzotint validate FILE`: says everything that is wrong with a workflow, or that nothing is. */
export async function validateCommand(file: string, options: WorkflowOptions): Promise<ExitCode> {
  try {
    const { plan } = await prepare(file, options);
    const { steps, targets } = plan;
    if (options.json) console.log(JSON.stringify({ type: "valid", steps: steps.size, targets }));
    else
      console.log(
        `${file === "-" ? "standard input" : file} is valid: ${steps.size} nodes for ${targets.length} ${targets.length === 1 ? "output" : "outputs"}`,
      );
    return EXIT.done;
  } catch (error) {
    if (!options.json || !(error instanceof InvalidWorkflow)) throw error;
    console.log(stringifyJson({ type: "invalid", ...error.body }));
    return EXIT.invalid;
  }
}
