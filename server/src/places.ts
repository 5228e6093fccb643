import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";

/** Where things are for one command: the data directory, and what the user put elsewhere. */
export interface Places {
  /** Holds `input/ output/ temp/ models/<kind>/ cache/`. */
  readonly data: string;
  /** Input folders; the first that has a name wins. */
  readonly inputs: readonly string[];
  readonly output: string;
  readonly temp: string;
  /** Files in the format of ComfyUI's `extra_model_paths.yaml`, in order; the data directory's own is last. */
  readonly modelPaths: readonly string[];
  /** Where compiled sessions are kept between runs; safe to delete. */
  readonly compiled: string;
}

/** Of those, where nodes read and write. */
export type FilePlaces = Pick<Places, "data" | "inputs" | "output" | "temp">;

/** The only user of a server that asks for no token, and whose folders are those of the data directory itself. */
export const OWNER = "default";

/** What the user asked for; nothing by default. */
export interface PlaceOptions {
  readonly data?: string;
  readonly input?: string;
  readonly output?: string;
  readonly modelPaths?: readonly string[];
  /** The workflow file: pictures that it reads may lie in `input/` beside it. */
  readonly workflow?: string;
}

/** The data directory: as asked, else `$MEZZOTINT_DATA`, else `~/.mezzotint`. Nothing is created here. */
const dataDirectory = (asked?: string): string =>
  resolve(asked ?? (process.env.MEZZOTINT_DATA || join(homedir(), ".mezzotint")));

/** The list of model folders in a data directory, which `mezzotint import` writes. */
export const ownModelPaths = (data: string): string => join(data, "extra_model_paths.yaml");

/** Resolves every place. Pictures are written to `./output` unless asked otherwise. */
export function places({ data: asked, input, output, modelPaths = [], workflow }: PlaceOptions): Places {
  const data = dataDirectory(asked);
  const own = ownModelPaths(data);
  const beside = workflow === undefined ? [] : [join(dirname(resolve(workflow)), "input")];
  return {
    data,
    inputs: [...(input === undefined ? [] : [resolve(input)]), ...beside, join(data, "input")],
    output: resolve(output ?? "output"),
    temp: join(data, "temp"),
    modelPaths: [...modelPaths.map((file) => resolve(file)), ...(existsSync(own) ? [own] : [])],
    compiled: join(data, "cache", "compiled"),
  };
}

/** Holds a folder for each user but the owner. */
export const filesOfUsers = (data: string): string => join(data, "files");

/** Where a user's own files are. Models are everybody's. The name is a `UserName`: it becomes a part of paths. */
export function placesOfUser<P extends FilePlaces>(places: P, user: string): P {
  if (user === OWNER) return places;
  const own = join(filesOfUsers(places.data), user);
  return { ...places, inputs: [join(own, "input")], output: join(own, "output"), temp: join(own, "temp") };
}
