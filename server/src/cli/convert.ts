import { readFile } from "node:fs/promises";
import { type Prompt, stringifyJson } from "@mezzotint/engine";
import { core } from "../builtin.js";
import { EXIT, type ExitCode, Failure, messageOf } from "../failure.js";
import { replaceFile } from "../files/replace.js";
import { openRuntime } from "../runtime.js";
import { promptOf } from "../workflows/convert.js";
import { readSource, type Source } from "../workflows/source.js";
import { printFindings } from "./findings.js";
import { parseSeed } from "./overrides.js";
import { placesFor, type WorkflowOptions } from "./prepare.js";

/** Options of `convert`, as commander gives them. */
export interface ConvertCommandOptions extends WorkflowOptions {
  readonly into?: string;
}

/**
 * `mezzotint convert FILE`: a saved workflow in API form, on standard output or in a file, or put into a picture. What
 * could not be known is told on standard error.
 */
export async function convertCommand(file: string, options: ConvertCommandOptions): Promise<ExitCode> {
  const { output, into, json = false, pack = [], embedded = "workflow", dynamicPrompts = true } = options;
  const name = file === "-" ? "standard input" : file;
  const seed = options.seed === undefined ? undefined : parseSeed(options.seed);
  const [source, { definitions }] = await Promise.all([
    readSource(file, embedded),
    openRuntime({ places: placesFor(file, options), localPacks: pack }),
  ]);
  const { prompt, findings } = await promptOf(source, definitions, name, {
    seed,
    keepDynamicPrompts: !dynamicPrompts,
  });
  const broken = findings.some(({ severity }) => severity === "error");
  if (!json) printFindings(findings, { notes: true });
  if (into !== undefined) {
    await replaceFile(output ?? into, await withTexts(into, prompt, source.extra));
    if (!json) console.log(output ?? into);
  }
  const text = stringifyJson(json ? { prompt, findings } : prompt, { indent: 2 });
  if (into === undefined && output !== undefined && !json) await replaceFile(output, `${text}\n`);
  else if (into === undefined || json) console.log(text);
  return broken ? EXIT.invalid : EXIT.done;
}

async function withTexts(path: string, prompt: Prompt, extra: Source["extra"]): Promise<Buffer> {
  const { pictureTexts, withPictureText } = await core();
  try {
    return withPictureText(await readFile(path), pictureTexts(prompt, extra));
  } catch (cause) {
    throw new Failure(`cannot put the workflow into ${path}: ${messageOf(cause)}`, { cause });
  }
}
