// @boundaries-ignore which routes there are, only their declarations say
import { routesOf } from "../../server/src/http/app.js";
// @boundaries-ignore likewise
import type { Operation } from "../../server/src/http/operation.js";

import type { Answer } from "../serve/server.js";

/** A route, as a client sees it. */
export interface Declared extends Pick<Operation, "method" | "scope"> {
  /** Under `/api`, where every route is. Its `:names` stand as declared. */
  readonly path: string;
}

/** Declaring a route asks nothing of the server: whatever is looked up on this is itself. */
const nothing: never = new Proxy(() => nothing, { get: () => nothing }) as never;

/** Every route of the server, so that none is forgotten when one is added. */
export const declared: readonly Declared[] = Object.values(routesOf(nothing))
  .flat()
  .map(({ operation: { method, path, scope } }) => ({ method, scope, path: `/api${path}` }));

/** `get /api/queue`: how a test names a route. */
export const nameOf = ({ method, path }: Declared): string => `${method} ${path}`;

/** Those that change something. */
export const changing: readonly Declared[] = declared.filter(({ method }) => method !== "get");

/** A path with its `:names` filled in; `x` where a test does not care. */
export const filled = (path: string, values: Readonly<Record<string, string>> = {}): string =>
  path.replaceAll(/:(\w+)/g, (_, name: string) => encodeURIComponent(values[name] ?? "x"));

/** What kind of refusal an answer is: ComfyUI's own routes and Comfy API v2 name it differently. */
export const refusalOf = ({ json }: Answer): string | undefined => json?.error?.type ?? json?.error?.code ?? json?.code;
