import type { NodeType } from "./node.js";

/** A set of nodes that is installed, versioned and shared together. A pack's module has one as its default export. */
export interface Pack {
  readonly name: string;
  /** Joins the cache key of every node in the pack: a new version never serves an old version's results. */
  readonly version: string;
  readonly nodes: readonly NodeType[];
}

/** Defines a pack. Two nodes of one id are refused. */
export function definePack(pack: Pack): Pack {
  const seen = new Set<string>();
  for (const { id } of pack.nodes) {
    if (seen.has(id)) throw new Error(`pack ${pack.name} defines ${id} twice`);
    seen.add(id);
  }
  return pack;
}
