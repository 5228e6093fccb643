import { describe, type NodeDefinition, provide, services } from "@mezzotint/engine";
import core, { FOLDERS, openFolders } from "@mezzotint/nodes-core";
import diffusion from "@mezzotint/nodes-diffusion";

/** The nodes of the built-in packs as plain data, on a machine that has no model and no picture. */
export const installedDefinitions = (): Promise<ReadonlyMap<string, NodeDefinition>> =>
  describe([core, diffusion], services([provide(FOLDERS, openFolders({ data: "/nowhere" }))]));
