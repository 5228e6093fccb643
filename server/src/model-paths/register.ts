import { existsSync } from "node:fs";
import { type Document, isMap, parseDocument } from "yaml";
import { Failure } from "../failure.js";
import { replaceFile } from "../files/replace.js";
import type { Installation } from "./installation.js";
import { readList, readModelPaths } from "./read.js";

/** The user's file, with its comments; an empty one if there is none. */
function openDocument(file: string): Document {
  const document = parseDocument(existsSync(file) ? readList(file) : "");
  const [error] = document.errors;
  if (error) throw new Failure(`${file} is not YAML: ${error.message}`);
  if (document.contents !== null && !isMap(document.contents)) throw new Failure(`${file} is not a list of entries`);
  return document;
}

/** The entry that is this installation's already, else a free name. */
function entryName(document: Document, { name, base }: Installation): string {
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name}_${n}`;
    if (!document.has(candidate) || document.getIn([candidate, "base_path"]) === base) return candidate;
  }
}

const lines = (folders: readonly string[]): string => folders.join("\n");

/**
 * Adds an installation's folders, and those that its own `extra_model_paths.yaml` names, to a file of model paths. What
 * the file has besides stays, comments too; doing it again brings its entry up to date. No model is copied or moved.
 */
export async function registerInstallation(file: string, installation: Installation): Promise<void> {
  const document = openDocument(file);
  const name = entryName(document, installation);
  const { base, folders, more } = installation;
  const kinds = Object.entries(folders).map(([kind, paths]) => [kind, lines(paths)] as const);
  document.set(name, document.createNode({ base_path: base, ...Object.fromEntries(kinds) }));
  const further = new Map<string, string[]>();
  for (const { kind, folder } of more === undefined ? [] : readModelPaths(more))
    further.set(kind, [...(further.get(kind) ?? []), folder]);
  const moreEntries = Object.fromEntries([...further].map(([kind, paths]) => [kind, lines(paths)]));
  if (further.size > 0) document.set(`${name}_extra`, document.createNode(moreEntries));
  else document.delete(`${name}_extra`);
  await replaceFile(file, document.toString());
}
