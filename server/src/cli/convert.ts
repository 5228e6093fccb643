import { resolve } from "node:path";
import { type Prompt, stringifyJson } from "@mezzotint/engine";
import { core } from "../builtin.js";
import { EXIT, type ExitCode, Failure, messageOf } from "../failure.js";
import { replaceFile } from "../files/replace.js";
import { openRuntime } from "../runtime.js";
import { promptOf } from "../workflows/convert.js";
import { readBytes } from "../workflows/file.js";
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
  if (!json) printFindings(findings);
  const text = stringifyJson(json ? { prompt, findings } : prompt, { indent: 2 });
  if (into !== undefined) await write(output ?? into, await withTexts(into, prompt, source.extra));
  else if (output !== undefined) await write(output, `${text}\n`);
  if (into !== undefined && !json) console.log(output ?? into);
  else if (into !== undefined || output === undefined) console.log(text);
  return findings.some(({ severity }) => severity === "error") ? EXIT.invalid : EXIT.done;
}

async function write(path: string, content: string | Buffer): Promise<void> {
  try {
    await replaceFile(path, content);
  } catch (cause) {
    throw new Failure(`cannot write ${path}: ${messageOf(cause)}`, { cause });
  }
}

async function withTexts(path: string, prompt: Prompt, extra: Source["extra"]): Promise<Buffer> {
  const { pictureTexts, withPictureText } = await core();
  // Not standard input, should that be a name.
  const picture = await readBytes(resolve(path));
  try {
    return withPictureText(picture, pictureTexts(prompt, extra));
  } catch (cause) {
    throw new Failure(`cannot put the workflow into ${path}: ${messageOf(cause)}`, { cause });
  }
}
