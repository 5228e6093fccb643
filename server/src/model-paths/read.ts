import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, resolve } from "node:path";
import { parse } from "yaml";
import type { ModelRoot } from "../builtin.js";
import { Failure, messageOf } from "../failure.js";

/** Lists of folders are a few lines. The parser needs time, or dies, for far larger ones with brackets in brackets. */
const MAX_BYTES = 2 ** 18;
const MAX_BRACKETS = 200;

/** `~` and variables, as ComfyUI expands them in `base_path`. An unknown variable stays as it is written. */
const expand = (path: string): string =>
  path
    .replace(/^~(?=[/\\]|$)/, homedir())
    .replaceAll(/\$(?:\{(\w+)\}|(\w+))|%(\w+)%/g, (whole, a, b, c) => process.env[a ?? b ?? c] ?? whole);

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Keys of an entry that name no kind of models. */
const NOT_KINDS: ReadonlySet<string> = new Set(["base_path", "is_default", "custom_nodes"]);

/** Folders of one entry: each key is a kind, each line of its value a folder under `base_path`. */
function rootsOf(name: string, entry: unknown, file: string): ModelRoot[] {
  if (entry === null || entry === undefined) return [];
  if (!isRecord(entry)) throw new Failure(`${file}: ${name} is not a list of kinds and folders`);
  const { base_path = "", is_default = false } = entry;
  if (typeof base_path !== "string") throw new Failure(`${file}: ${name}.base_path is not a path`);
  // Python, for which these files are written, reads YAML 1.1.
  const first = is_default === true || /^(?:yes|on)$/i.test(String(is_default));
  const base = resolve(dirname(file), expand(base_path));
  return Object.entries(entry).flatMap(([kind, folders]) => {
    if (NOT_KINDS.has(kind) || folders === null) return [];
    if (!/^[\w-]{1,64}$/.test(kind)) throw new Failure(`${file}: ${name}: "${kind}" cannot be a kind of models`);
    if (typeof folders !== "string")
      throw new Failure(`${file}: ${name}.${kind} is not a path, nor several on lines of their own after a |`);
    if (folders.includes("\0")) throw new Failure(`${file}: ${name}.${kind} has a character that no path has`);
    const lines = folders.split("\n").filter((line) => line.trim() !== "");
    return lines.map((line) => ({
      kind,
      folder: resolve(base, expand(line.trim())),
      ...(first && { first }),
    }));
  });
}

/** The text of a list of model folders. Throws a `Failure` for what cannot be one. */
export function readList(file: string): string {
  try {
    // A pipe or device has no size to trust, and might never end.
    const stats = statSync(file);
    if (!stats.isFile()) throw new Error("it is not a file");
    if (stats.size > MAX_BYTES) throw new Error("it is too large to be a list of folders");
    const text = readFileSync(file, "utf8");
    if (text.replaceAll(/[^[{]/g, "").length > MAX_BRACKETS)
      throw new Error("it has too many brackets to be a list of folders");
    return text;
  } catch (cause) {
    throw new Failure(`cannot read the model folders of ${file}: ${messageOf(cause)}`, { cause });
  }
}

/**
 * The model folders that an `extra_model_paths.yaml` names, in ComfyUI's format. Relative paths count from the file.
 * Throws a `Failure` that names the file and the entry for anything that is no such file.
 */
export function readModelPaths(file: string): ModelRoot[] {
  const place = resolve(file);
  const text = readList(place);
  let entries: unknown;
  try {
    entries = parse(text, { merge: true, maxAliasCount: 100, logLevel: "error" });
  } catch (cause) {
    throw new Failure(`the model folders of ${place} are not YAML: ${messageOf(cause)}`, { cause });
  }
  if (entries === null || entries === undefined) return [];
  if (!isRecord(entries)) throw new Failure(`${place} is not a list of entries, each with base_path and folders`);
  return Object.entries(entries).flatMap(([name, entry]) => rootsOf(name, entry, place));
}
