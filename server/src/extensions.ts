import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

/** An installed package that says in its package.json, under `mezzotint`, that it brings nodes or models. */
export interface Extension {
  readonly name: string;
  readonly version: string;
  /** The package's folder. */
  readonly folder: string;
  /** The module whose default export is the pack. */
  readonly pack?: string;
  /** Model paths by kind and name, e.g. `checkpoints` → `mezzotint-emoji` → a file or a diffusers folder. */
  readonly models: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly mezzotint?: {
    readonly pack?: string;
    readonly models?: Readonly<Record<string, Readonly<Record<string, string>>>>;
  };
}

/** This package's own folder; `dist/` and `src/` are both one level below it. */
const home = dirname(dirname(fileURLToPath(import.meta.url)));

const readManifest = (folder: string): Manifest => JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));

/** This package's version. */
export const ownVersion = (): string => readManifest(home).version;

/** The folder where Node would find a package, without asking it to export its package.json. */
function folderOf(name: string, from: string): string | undefined {
  const roots = createRequire(join(from, "package.json")).resolve.paths(name) ?? [];
  return roots.map((root) => join(root, name)).find((folder) => existsSync(join(folder, "package.json")));
}

/** Reads a package's folder as an extension; undefined when it brings nothing of ours. */
export function extensionIn(folder: string): Extension | undefined {
  const { name, version, mezzotint } = readManifest(folder);
  if (!mezzotint) return undefined;
  const models = Object.entries(mezzotint.models ?? {}).map(
    ([kind, paths]) =>
      [kind, Object.fromEntries(Object.entries(paths).map(([model, path]) => [model, resolve(folder, path)]))] as const,
  );
  const pack = mezzotint.pack === undefined ? {} : { pack: resolve(folder, mezzotint.pack) };
  return { name, version, folder, ...pack, models: Object.fromEntries(models) };
}

/** The extensions among this package's dependencies, in the order in which it lists them. */
export function installedExtensions(): readonly Extension[] {
  return Object.keys(readManifest(home).dependencies ?? {}).flatMap((name) => {
    const folder = folderOf(name, home);
    return (folder && extensionIn(folder)) || [];
  });
}
