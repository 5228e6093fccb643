import { check, type Definitions, isRefused, nodesOf, type Plan, type Prompt, type Provided } from "@mezzotint/engine";
import type { Finding } from "@mezzotint/engine/workflow";
import { Failure } from "../failure.js";
import { type Places, places } from "../places.js";
import { openRuntime, type Runtime } from "../runtime.js";
import { promptOf } from "../workflows/convert.js";
import { explainMissing } from "../workflows/missing-nodes.js";
import { isRecord, type Preference, readSource, type Source } from "../workflows/source.js";
import { chosenTexts, incomplete, literalTexts, printFindings } from "./findings.js";
import { type Assignment, applySeed, applySet, parseSeed, parseSet } from "./overrides.js";
import { printable } from "./printable.js";
import { detailsOf, InvalidWorkflow } from "./problems.js";
import { waysOut } from "./ways-out.js";

/** Options that say what a workflow is, as commander gives them. */
export interface WorkflowOptions {
  readonly set?: readonly string[];
  readonly seed?: string;
  readonly input?: string;
  readonly output?: string;
  readonly data?: string;
  readonly modelPaths?: readonly string[];
  readonly pack?: readonly string[];
  readonly json?: boolean;
  /** Of a picture's two, which. */
  readonly embedded?: Preference;
  readonly dynamicPrompts?: boolean;
}

/** A workflow that was read, changed as asked, and found valid. */
export interface Prepared {
  readonly prompt: Prompt;
  /** What pictures should hold besides the prompt. */
  readonly extra: Source["extra"];
  readonly plan: Plan;
  readonly runtime: Runtime;
}

/** Where things are for a workflow. */
export const placesFor = (file: string, { input, output, data, modelPaths }: WorkflowOptions): Places =>
  places({
    ...(modelPaths !== undefined && { modelPaths }),
    ...(file !== "-" && { workflow: file }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(data !== undefined && { data }),
  });

/** Applies every `--set`: names that the workflow's `inputs` block declares, else `node.input`. */
async function applySets(prompt: Prompt, definitions: Definitions, sets: readonly Assignment[], block: unknown) {
  const isDeclared = ([target]: Assignment) => isRecord(block) && Object.hasOwn(block, target);
  const others = (from: Prompt) =>
    sets.reduce((changed, one) => (isDeclared(one) ? changed : applySet(changed, definitions, one)), from);
  if (block === undefined) return others(prompt);
  // Loaded for workflows that declare inputs only.
  const { fillIn } = await import("../workflows/parameters.js");
  const filled = fillIn(prompt, definitions, Object.fromEntries(sets.filter(isDeclared)), block);
  if ("prompt" in filled) return others(filled.prompt);
  throw new Failure(
    Object.entries(filled.wrong)
      .map(([name, reason]) => `--set ${name}: ${reason}`)
      .join("\n"),
  );
}

/** Says which outputs will not be made. */
function printLeftOut({ body }: InvalidWorkflow): void {
  for (const line of detailsOf(body.node_errors)) console.error(`warning: left out: ${printable(line)}`);
}

/**
 * Reads, changes and checks a workflow. Throws a `Failure` that lists everything that is wrong with it. `partial`: as in
 * ComfyUI's editor, a saved workflow some of whose outputs cannot run makes the others.
 */
export async function prepare(
  file: string,
  options: WorkflowOptions,
  offered: Promise<readonly Provided[]> | readonly Provided[] = [],
  { partial = false }: { readonly partial?: boolean } = {},
): Promise<Prepared> {
  const { set = [], seed, pack = [] } = options;
  const seeds = seed === undefined ? undefined : parseSeed(seed);
  const name = file === "-" ? "standard input" : file;
  const [source, runtime] = await Promise.all([
    readSource(file, options.embedded ?? "prompt"),
    Promise.resolve(offered).then((services) =>
      openRuntime({ places: placesFor(file, options), localPacks: pack, offered: services }),
    ),
  ]);
  const { definitions } = runtime;
  const choices = { seed: seeds, keepDynamicPrompts: options.dynamicPrompts === false };
  const { prompt: read, findings } = await promptOf(source, definitions, name, choices);
  const isGuess = ({ code }: Finding) => code === "unknown-class";
  printFindings(findings.filter((finding) => finding.severity === "warning" && !isGuess(finding)));
  const broken = incomplete(findings, name);
  if (broken) throw broken;
  const changed = await applySets(read, definitions, set.map(parseSet), source.inputs);
  const prompt = seeds === undefined ? changed : applySeed(changed, definitions, seeds);
  if (!choices.keepDynamicPrompts) {
    const given = source.kind === "prompt" ? {} : read;
    printFindings([...chosenTexts(findings, prompt), ...literalTexts(prompt, definitions, given)]);
  }
  const planned = await check(prompt, definitions, { nodes: nodesOf(runtime.packs), use: runtime.use });
  // Of a node that is refused, it does not matter what its values were taken for.
  printFindings(
    findings.filter((finding) => isGuess(finding) && !Object.hasOwn(planned.node_errors, finding.node ?? "")),
  );
  const ways = () => waysOut(planned.node_errors, runtime);
  if (isRefused(planned)) {
    const explained = await explainMissing(planned, prompt, source.kind === "saved" ? source.saved : undefined);
    throw new InvalidWorkflow(name, explained, await ways());
  }
  const { node_errors } = planned;
  if (Object.keys(node_errors).length > 0) {
    const error = {
      type: "prompt_outputs_failed_validation",
      message: "Some outputs cannot run",
      details: "",
      extra_info: {},
    } as const;
    const invalid = new InvalidWorkflow(name, { error, node_errors }, await ways());
    // Whoever mutes a branch leaves its previews behind without a picture: the other outputs are what is wanted.
    if (!partial || source.kind !== "saved" || planned.targets.length === 0) throw invalid;
    printLeftOut(invalid);
  }
  return { prompt, extra: source.extra, plan: planned, runtime };
}
