import type { Request } from "express";
import { Failure, messageOf } from "../../failure.js";
import { isRecord, type JsonRecord } from "../../security/body.js";
import { HttpProblem } from "../../security/problem.js";
import { listed } from "../../workflows/node-inputs.js";
import { sourceOfText } from "../../workflows/source.js";
import { entriesOf } from "../files/listing.js";
import { fileIn, folderIn, relativePath } from "../files/names.js";
import { readWhole } from "../files/read-file.js";
import { Refusal } from "../files/refusal.js";
import type { FileServices } from "../files/routes.js";
import { folderOf } from "../files/user-folder.js";
import type { Submission } from "../submission.js";

/** Where editors save workflows, in the folder of a user. */
const FOLDER = "workflows";
/** A workflow with pictures in it takes a few megabytes. */
const LARGEST = 32 * 2 ** 20;

type Places = Pick<FileServices, "places" | "userOf">;

/** A workflow that a user saved, by name. */
export interface SavedWorkflow {
  readonly name: string;
  readonly source: Submission["source"];
  /** What pictures made by it hold besides the prompt. */
  readonly extra: JsonRecord;
  /** The block that declares what callers may set, not read yet. */
  readonly block: unknown;
}

/** The names of a user's workflows, sorted: paths below the folder, without `.json`. */
export async function workflowNames(services: Places, request: Request): Promise<readonly string[]> {
  const folder = await folderIn(folderOf(services, request), FOLDER);
  if (folder === undefined) return [];
  return (await entriesOf(folder, true))
    .filter(({ path, stats }) => stats.isFile() && /\.json$/i.test(path) && !/(?:^|\/)\./.test(path))
    .map(({ path }) => path.replace(/\.json$/i, ""));
}

/** Reads a workflow of a user. Throws 404 with the names that there are, and 400 for a file that is none. */
export async function savedWorkflow(services: Places, request: Request, name: string): Promise<SavedWorkflow> {
  const path = await relativePath(`${FOLDER}/${name}${/\.json$/i.test(name) ? "" : ".json"}`);
  const root = folderOf(services, request);
  const found = await fileIn([root], path).catch(async (error: unknown): Promise<never> => {
    if (!(error instanceof Refusal) || error.status !== 404) throw error;
    const known = await workflowNames(services, request);
    const there = known.length === 0 ? "none is saved: save one from the editor" : `there are ${listed(known)}`;
    throw new HttpProblem(404, "not_found", `There is no workflow ${JSON.stringify(name.slice(0, 200))}`, {
      details: there,
    });
  });
  const text = (await readWhole(found.path, LARGEST)).toString("utf8");
  try {
    const source = sourceOfText(text, `the workflow ${JSON.stringify(name)}`);
    const { kind, extra, inputs: block } = source;
    const value = kind === "saved" ? source.saved : (source.prompt as JsonRecord);
    return { name, source: { kind, value }, extra: isRecord(extra) ? { extra_pnginfo: extra } : {}, block };
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new HttpProblem(400, "invalid_workflow", "This is no workflow", { details: messageOf(cause), cause });
  }
}
