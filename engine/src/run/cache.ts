import type { Shown } from "./node.js";
import { sizeOf } from "./size.js";
import type { Outputs } from "./task.js";

/** What a cache keeps of a step. */
export interface Entry {
  readonly outputs: Outputs;
  readonly shown: Shown | undefined;
}

/** Results of steps by their keys. Nobody changes an entry, nor the values in it. */
export interface Cache {
  /** What is at hand at once. */
  readonly get: (key: string) => Entry | undefined;
  /** Looks where it takes longer; nothing when it is known not to be there. A failure is a miss. */
  readonly load?: (key: string) => Promise<Entry | undefined> | undefined;
  /** `durable`: the entry may outlive the process. */
  readonly set: (key: string, entry: Entry, options: { readonly durable: boolean }) => void;
  /** Keeps an entry until as many `unpin`s, however little room there is. */
  readonly pin: (key: string) => void;
  readonly unpin: (key: string) => void;
}

/** A cache that can say how full it is. */
export interface MemoryCache extends Cache {
  /** Bytes of all entries, by estimate. */
  readonly size: () => number;
  readonly count: () => number;
  /** Drops every entry that is not pinned. */
  readonly clear: () => void;
}

interface Kept extends Entry {
  readonly bytes: number;
  pins: number;
}

/** A cache in memory that holds at most `bytes`, and drops what was used longest ago. */
export function memoryCache(bytes: number): MemoryCache {
  // A Map is in insertion order: what is used moves to the end. Pinned entries are apart, so that eviction is quick.
  const loose = new Map<string, Kept>();
  const pinned = new Map<string, Kept>();
  let size = 0;

  const drop = (key: string) => {
    const kept = loose.get(key);
    if (!kept) return;
    loose.delete(key);
    size -= kept.bytes;
  };

  const evict = () => {
    for (const key of loose.keys()) {
      if (size <= bytes) return;
      drop(key);
    }
  };

  return {
    get(key) {
      const kept = loose.get(key);
      if (!kept) return pinned.get(key);
      loose.delete(key);
      loose.set(key, kept);
      return kept;
    },
    set(key, entry) {
      if (pinned.has(key)) return;
      drop(key);
      const room = sizeOf(entry, bytes);
      if (room > bytes) return;
      loose.set(key, { outputs: entry.outputs, shown: entry.shown, bytes: room, pins: 0 });
      size += room;
      evict();
    },
    pin(key) {
      const kept = loose.get(key) ?? pinned.get(key);
      if (!kept) return;
      if (kept.pins++ > 0) return;
      loose.delete(key);
      pinned.set(key, kept);
    },
    unpin(key) {
      const kept = pinned.get(key);
      if (!kept || --kept.pins > 0) return;
      pinned.delete(key);
      loose.set(key, kept);
      evict();
    },
    size: () => size,
    count: () => loose.size + pinned.size,
    clear() {
      for (const key of loose.keys()) drop(key);
    },
  };
}

/** A cache that keeps nothing. */
export const noCache: Cache = { get: () => undefined, set: () => {}, pin: () => {}, unpin: () => {} };
