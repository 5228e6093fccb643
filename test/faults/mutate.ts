import { hostileKey, hostileValue, Raw } from "./hostile.js";
import type { Random } from "./random.js";

/** An object or a list of a document, and one of its keys. */
interface Place {
  readonly holder: Record<string, unknown>;
  readonly key: string;
}

/** Every value of a document, where it lies. */
function placesIn(value: unknown, found: Place[] = []): Place[] {
  if (typeof value !== "object" || value === null || value instanceof Raw) return found;
  for (const key of Object.keys(value)) {
    const holder = value as Record<string, unknown>;
    found.push({ holder, key });
    placesIn(holder[key], found);
  }
  return found;
}

/** Sets a key even where that is `__proto__`; a list takes numbers only. */
function put(holder: object, key: string, value: unknown): void {
  if (Array.isArray(holder) && !/^\d{1,4}$/.test(key)) holder.push(value);
  else Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

function renameKey({ holder, key }: Place, name: string): void {
  if (Array.isArray(holder)) return;
  const entries = Object.entries(holder);
  for (const [one] of entries) delete holder[one];
  for (const [one, value] of entries) put(holder, one === key ? name : one, value);
}

function removeKey({ holder, key }: Place): void {
  if (Array.isArray(holder)) holder.splice(Number(key), 1);
  else delete holder[key];
}

/** Spoils a document in place, in one way that is left to chance. `words`: values that are right somewhere else. */
export function spoil(document: object, words: readonly string[], chance: Random): void {
  const places = placesIn(document);
  if (places.length === 0) return;
  const { holder, key } = chance.pick(places);
  const other = chance.pick(places);
  // A value that stands elsewhere: types change, links go in circles, parts hold copies of what holds them.
  const borrowed = () => structuredCloneOf(other.holder[other.key]);
  const ways: readonly (() => void)[] = [
    () => put(holder, key, hostileValue(chance)),
    () => put(holder, key, hostileValue(chance)),
    () => put(holder, key, hostileValue(chance)),
    () => put(holder, key, borrowed()),
    () => put(holder, key, chance.pick(words)),
    () => put(holder, hostileKey(chance), borrowed()),
    () => renameKey({ holder, key }, hostileKey(chance)),
    () => removeKey({ holder, key }),
  ];
  chance.pick(ways)();
}

/** Like `structuredClone`, and keeps `Raw`. */
export function structuredCloneOf<T>(value: T): T {
  if (typeof value !== "object" || value === null || value instanceof Raw) return value;
  if (Array.isArray(value)) return value.map(structuredCloneOf) as T;
  const copy = {};
  for (const [key, inner] of Object.entries(value)) put(copy, key, structuredCloneOf(inner));
  return copy as T;
}

/** Spoils bytes: flips, cuts, doubles, inserts. */
export function spoilBytes(bytes: Buffer, { below, pick }: Random): Buffer {
  const at = below(bytes.length + 1);
  switch (below(6)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return bytes.subarray(at);
    case 2:
      return Buffer.concat([bytes.subarray(0, at), Buffer.from([below(256), below(256)]), bytes.subarray(at)]);
    case 3:
      return Buffer.concat([bytes, bytes.subarray(at)]);
    case 4: {
      const copy = Buffer.from(bytes);
      for (let i = 0; i < 1 + below(8) && copy.length > 0; i++) copy[below(copy.length)] = below(256);
      return copy;
    }
    default:
      return Buffer.concat([pick([Buffer.from("\ufeff"), Buffer.from([0xff, 0xfe]), Buffer.alloc(4)]), bytes]);
  }
}
