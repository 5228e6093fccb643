/** Where the bytes of an asset are: in the folder of a type, or, for what a node showed as text, in the record itself. */
export type AssetPlace =
  | { readonly folder: "input" | "output" | "temp"; readonly file: string }
  | { readonly folder: "text"; readonly text: string };

/** What a job's node showed that an asset is. */
export interface AssetSource {
  readonly job: string;
  readonly node: string;
}

/** A record of a user over bytes: an upload, or what a job made. */
export interface Asset {
  /** A UUID. */
  readonly id: string;
  readonly user: string;
  /** BLAKE3 of the bytes in hex; absent until somebody asks for it. */
  readonly hash?: string;
  readonly bytes: number;
  /** Media type, as the user or the file's beginning says. */
  readonly type: string;
  /** A name for people: the user's path, or the file's name. */
  readonly name: string;
  readonly tags: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly place: AssetPlace;
  readonly source?: AssetSource;
}

/** Which assets of a user, the newest first. */
export interface AssetFilter {
  readonly user: string;
  readonly job?: string;
  readonly hash?: string;
  readonly tag?: string;
  readonly limit?: number;
  readonly offset?: number;
}

/** A job that is over, and its place among all ends. */
export interface EndedJob {
  readonly id: string;
  readonly ended: number;
}

/** Assets as they are kept. */
export interface Assets {
  /** Keeps assets; one whose id is there already stays as it was. */
  readonly add: (assets: readonly Asset[]) => Promise<void>;
  readonly get: (id: string) => Asset | undefined;
  /** Those of many ids that are there, in any order. */
  readonly some: (ids: readonly string[]) => readonly Asset[];
  readonly list: (filter: AssetFilter) => readonly Asset[];
  readonly count: (filter: AssetFilter) => number;
  readonly setHash: (id: string, hash: string) => Promise<void>;
  /** Removes a record. Answers with the file that no record needs any more, if it was an upload's last. */
  readonly remove: (id: string) => Promise<{ readonly removed: boolean; readonly unused?: string }>;
  /** The jobs of a user that ended since those that were noted, a few at a time: their assets are still to be made. */
  readonly ended: (user: string) => readonly EndedJob[];
  /** Notes that the assets of a job, and of all that ended before it, are made. */
  readonly noted: (user: string, last: EndedJob) => Promise<void>;
}
