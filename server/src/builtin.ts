export type { ModelRoot } from "@mezzotint/nodes-core";
export type { Inspection, NetworkSummary } from "@mezzotint/nodes-diffusion";

/**
 * What the built-in packs offer besides nodes, loaded when a command first needs it. Their nodes are loaded by name
 * like any stranger's (packs.ts); this is the one module that knows them.
 */
export const core = () => import("@mezzotint/nodes-core");

/** See `core`. */
export const diffusion = () => import("@mezzotint/nodes-diffusion");
