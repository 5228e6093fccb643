import { existsSync, statSync } from "node:fs";
import { register } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Pack } from "@mezzotint/engine";
import { type Extension, extensionIn } from "./extensions.js";
import { Failure, messageOf } from "./failure.js";

const isPack = (value: unknown): value is Pack =>
  typeof value === "object" && value !== null && "nodes" in value && Array.isArray(value.nodes) && "name" in value;

/** Loads the module of a pack. Throws, naming the file, when its default export is no pack. */
async function loadModule(file: string, name: string): Promise<Pack> {
  const module: { readonly default?: unknown } = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    // The first line of a syntax error's stack, and only that, says where it is.
    const where = cause instanceof SyntaxError ? cause.stack?.split("\n", 1)[0]?.replace("file://", "") : undefined;
    throw new Failure(`${name} (${where ?? file}) cannot be loaded: ${messageOf(cause)}`, { cause });
  });
  if (!isPack(module.default)) {
    throw new Failure(
      `${name} (${file}) has no pack as its default export: export default definePack({ name, version, nodes })`,
    );
  }
  return module.default;
}

/** Loads the packs among the extensions, all at once. */
export const loadPacks = (extensions: readonly Extension[]): Promise<readonly Pack[]> =>
  Promise.all(extensions.flatMap(({ name, pack }) => (pack === undefined ? [] : [loadModule(pack, name)])));

/**
 * Loads a pack from a path of the user's: a module, or a package's folder. The module may import `@mezzotint/*`
 * from anywhere on the disk; what is not installed beside it is taken from this package.
 */
export async function loadLocalPack(path: string): Promise<Pack> {
  const place = resolve(path);
  if (!existsSync(place)) throw new Failure(`there is no pack at ${place}`);
  const file = statSync(place).isDirectory() ? extensionIn(place)?.pack : place;
  if (file === undefined)
    throw new Failure(`${place}/package.json names no pack: add "mezzotint": { "pack": "./pack.js" }`);
  if (!/\.(js|mjs)$/.test(file)) throw new Failure(`${file} is not JavaScript: build it, and give the .js file`);
  register("./pack-resolution.js", import.meta.url, { data: import.meta.url });
  return loadModule(file, path);
}
