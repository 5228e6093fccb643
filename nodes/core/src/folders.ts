import { type Service, service } from "@mezzotint/engine";

/**
 * Where users' files are. Every path that comes from a workflow goes through here, and stays inside its root. Links
 * may lead out of a models folder only: they are how users keep models elsewhere.
 */
export interface Folders {
  /** The names of the models of a kind (`checkpoints`, `vae`, …), sorted, with `/` between sub-folders. */
  readonly models: (kind: string) => readonly string[];
  /** The file or folder of a model. Throws, naming the kind, the name and the roots searched, when there is none. */
  readonly model: (kind: string, name: string) => string;
  /** The folders searched for models of a kind, in order; some may not exist. */
  readonly roots: (kind: string) => readonly string[];
  /** The files of the input folders, as `LoadImage` lists them. */
  readonly inputs: () => readonly string[];
  /** The path of an input file by name, with ComfyUI's ` [input]`, ` [output]`, ` [temp]` suffixes. Throws if it is not there. */
  readonly input: (name: string) => string;
  /** Where results are written. */
  readonly output: string;
  /** Where previews are written. */
  readonly temp: string;
}

/** The user's files and models, as nodes ask for them: `ctx.use(FOLDERS)`. */
export const FOLDERS: Service<Folders> = service<Folders>("folders");
