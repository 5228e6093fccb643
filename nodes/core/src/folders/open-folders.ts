import { realpathSync } from "node:fs";
import { extname, join, resolve, sep } from "node:path";
import type { Folders } from "../folders.js";
import { type Kind, kindName, kindOf } from "./kinds.js";
import { folderLister, statOf } from "./listing.js";
import { BadName, relativeName, suggestion } from "./names.js";

/** A folder that holds models of a kind. An older name of a kind (`clip`) serves as well as the newer. */
export interface ModelRoot {
  readonly kind: string;
  readonly folder: string;
  /** Searched before the data directory's own folder, where others come after it. */
  readonly first?: boolean;
}

/** Where `openFolders` finds things. Paths may be relative to the working folder. */
export interface FolderOptions {
  /** Holds `input`, `output`, `temp` and `models/<kind>` unless said otherwise. */
  readonly data: string;
  /** In place of `data`/input; the first that has a name wins. */
  readonly inputs?: readonly string[] | undefined;
  readonly output?: string | undefined;
  readonly temp?: string | undefined;
  /** More folders beside `data`/models, searched in this order. */
  readonly modelRoots?: readonly ModelRoot[] | undefined;
  /** Single models that lie elsewhere: by kind, then by name. A file of the same name in a folder comes first. */
  readonly extraModels?: Readonly<Record<string, Readonly<Record<string, string>>>> | undefined;
}

const IMAGES: ReadonlySet<string> = new Set([
  ".png",
  ".apng",
  ".jpg",
  ".jpeg",
  ".webp",
  ".gif",
  ".tif",
  ".tiff",
  ".avif",
]);

const hasExtension = (name: string, extensions: ReadonlySet<string> | undefined): boolean =>
  extensions === undefined || extensions.has(extname(name).toLowerCase());

const keepModels =
  ({ extensions, pipelines }: Kind) =>
  (files: readonly string[], isRoot: boolean): readonly string[] | "folder" =>
    pipelines && !isRoot && files.includes("model_index.json")
      ? "folder"
      : files.filter((name) => hasExtension(name, extensions));

const keepImages = (files: readonly string[]): readonly string[] => files.filter((name) => hasExtension(name, IMAGES));

const sorted = (names: Iterable<string>): string[] => [...new Set(names)].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));

/** Values of a record under a kind's name or any of its older names. */
const ofKind = <T>(record: Readonly<Record<string, T>> | undefined, kind: string): T[] =>
  Object.entries(record ?? {})
    .filter(([name]) => kindName(name) === kind)
    .map(([, value]) => value);

/**
 * The real path of `name` in `root`, or nothing if there is no such file. Throws when a link leads out of the root:
 * whoever can put a link into an input folder must not read the rest of the disk by it.
 */
function fileInside(root: string, name: string): string | undefined {
  const path = join(root, name);
  if (!statOf(path)?.isFile()) return undefined;
  const home = realpathSync(root);
  const real = realpathSync(path);
  if (real.startsWith(home.endsWith(sep) ? home : home + sep)) return real;
  throw new BadName(
    `${JSON.stringify(name)} is a link that leads out of ${root}; copy the file there, or add its folder to the input folders`,
  );
}

/** Opens the folders of an installation. Nothing is created or read until it is asked for. */
export function openFolders(options: FolderOptions): Folders {
  const list = folderLister();
  const data = resolve(options.data);
  const inputRoots = (options.inputs ?? [join(data, "input")]).map((path) => resolve(path));
  const output = resolve(options.output ?? join(data, "output"));
  const temp = resolve(options.temp ?? join(data, "temp"));

  const rootsOf = (kind: string): string[] => {
    const more = (options.modelRoots ?? []).filter((root) => kindName(root.kind) === kindName(kind));
    const folders = (first: boolean) => more.flatMap((root) => ((root.first ?? false) === first ? root.folder : []));
    const own = kindOf(kind).folders.map((folder) => join(data, "models", folder));
    return [...new Set([...folders(true), ...own, ...folders(false)].map((folder) => resolve(folder)))];
  };
  const extrasOf = (kind: string): Readonly<Record<string, string>> =>
    Object.assign({}, ...ofKind(options.extraModels, kindName(kind)));

  const models = (kind: string): readonly string[] => {
    const keep = keepModels(kindOf(kind));
    return sorted([...rootsOf(kind).flatMap((root) => list(root, keep)), ...Object.keys(extrasOf(kind))]);
  };

  const model = (kind: string, name: string): string => {
    const { extensions, pipelines } = kindOf(kind);
    const roots = rootsOf(kind);
    const wanted = relativeName(name);
    for (const root of roots) {
      const path = join(root, wanted);
      const stat = statOf(path);
      if (stat?.isFile() && hasExtension(wanted, extensions)) return path;
      if (stat?.isDirectory() && pipelines && statOf(join(path, "model_index.json"))?.isFile()) return path;
    }
    const extras = extrasOf(kind);
    const extra = Object.hasOwn(extras, wanted) ? extras[wanted] : undefined;
    if (extra !== undefined) return resolve(extra);
    throw new Error(
      `no model ${JSON.stringify(name)} of kind "${kind}" in ${roots.join(", ")}; ${suggestion(wanted, models(kind))}`,
    );
  };

  const inputs = (): readonly string[] => sorted(inputRoots.flatMap((root) => list(root, keepImages, false)));

  const input = (name: string): string => {
    const [, plain = name, place = "input"] = /^(.*?)\s?\[(input|output|temp)\]$/s.exec(name) ?? [];
    const wanted = relativeName(plain.trim());
    const roots = place === "output" ? [output] : place === "temp" ? [temp] : inputRoots;
    for (const root of roots) {
      const path = fileInside(root, wanted);
      if (path !== undefined) return path;
    }
    const there = place === "input" ? inputs() : sorted(roots.flatMap((root) => list(root, keepImages)));
    throw new Error(`no ${place} file ${JSON.stringify(plain)} in ${roots.join(", ")}; ${suggestion(wanted, there)}`);
  };

  return { models, model, roots: rootsOf, inputs, input, output, temp };
}
