// A module hook of Node's (node:module, register): it runs in a thread of its own, and only when a local pack is loaded.
import type { InitializeHook, ResolveHook } from "node:module";

let ours = "";

/** Receives the address of a module of ours, whose packages stand in for missing ones. */
export const initialize: InitializeHook<string> = (address) => {
  ours = address;
};

/** Resolves as Node does; a `@mezzotint/*` package that is not installed beside the importer is taken from here. */
export const resolve: ResolveHook = async (specifier, context, next) => {
  try {
    return await next(specifier, context);
  } catch (error) {
    if (!specifier.startsWith("@mezzotint/")) throw error;
    return next(specifier, { ...context, parentURL: ours });
  }
};
