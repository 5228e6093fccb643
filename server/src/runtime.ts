import { type Definitions, describe, type Pack, type Provided, provide, services, type Use } from "@mezzotint/engine";
import { core } from "./builtin.js";
import { type Extension, installedExtensions } from "./extensions.js";
import { loadLocalPack, loadPacks } from "./packs.js";
import { OWNER, type Places, placesOfUser } from "./places.js";

/** The packs of this process, as plain data too, and what it offers their nodes. */
export interface Runtime {
  readonly packs: readonly Pack[];
  readonly definitions: Definitions;
  readonly use: Use;
  /** What it offers them when they run for a user: that user's files. */
  readonly useOf: (user: string) => Promise<Use>;
}

/** What a runtime is made of. */
export interface RuntimeOptions {
  readonly places: Places;
  /** Paths of packs that are not installed. */
  readonly localPacks?: readonly string[];
  /** Services beside the folders. */
  readonly offered?: readonly Provided[];
}

/** Models that installed packages bring, by kind and name. Of two of one name the first package's counts. */
function modelsOf(extensions: readonly Extension[]): Record<string, Record<string, string>> {
  const models: Record<string, Record<string, string>> = {};
  for (const extension of extensions) {
    for (const [kind, paths] of Object.entries(extension.models)) models[kind] = { ...paths, ...models[kind] };
  }
  return models;
}

/** The user's files and the models of installed packages, as nodes ask for them. */
export async function openUserFolders({ data, inputs, output, temp, modelPaths }: Places) {
  const { openFolders } = await core();
  const modelRoots =
    modelPaths.length === 0 ? [] : modelPaths.flatMap((await import("./model-paths/read.js")).readModelPaths);
  return openFolders({ data, inputs, output, temp, modelRoots, extraModels: modelsOf(installedExtensions()) });
}

/** Loads every pack and describes its nodes. Throws when a pack cannot be loaded, naming it. */
export async function openRuntime({ places, localPacks = [], offered = [] }: RuntimeOptions): Promise<Runtime> {
  const [installed, local, { FOLDERS }, folders] = await Promise.all([
    loadPacks(installedExtensions()),
    Promise.all(localPacks.map(loadLocalPack)),
    core(),
    openUserFolders(places),
  ]);
  const packs = [...installed, ...local];
  const use = services([provide(FOLDERS, folders), ...offered]);
  const ofOthers = new Map<string, Promise<Use>>();
  const openFor = async (user: string): Promise<Use> =>
    services([provide(FOLDERS, await openUserFolders(placesOfUser(places, user))), ...offered]);
  const useOf = (user: string): Promise<Use> => {
    if (user === OWNER) return Promise.resolve(use);
    const opened = ofOthers.get(user) ?? openFor(user);
    ofOthers.set(user, opened);
    return opened;
  };
  return { packs, definitions: await describe(packs, use), use, useOf };
}
