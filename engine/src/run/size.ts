import type { Entry } from "./cache.js";

/** Keys, maps and headers around every entry, and what a value weighs by its own; estimates for V8. */
const ENTRY = 400;
const OBJECT = 48;
const FIELD = 16;

/**
 * Estimates the bytes that an entry holds on to: buffers, strings, maps, sets, arrays and plain objects. What occurs
 * twice within the entry counts once. Stops early beyond `enough`.
 */
export function sizeOf({ outputs, shown }: Entry, enough: number): number {
  let bytes = ENTRY;
  const open: unknown[] = shown ? [shown] : [];
  for (const list of outputs) {
    bytes += OBJECT + FIELD * list.length;
    for (const value of list) if (typeof value !== "number" && typeof value !== "boolean") open.push(value);
  }
  if (open.length === 0) return bytes;
  const seen = new Set<unknown>();
  while (open.length > 0 && bytes <= enough) {
    const value = open.pop();
    if (typeof value === "string") bytes += FIELD + value.length * 2;
    else if (typeof value === "bigint") bytes += FIELD;
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    bytes += OBJECT + inside(value, open, seen);
  }
  return bytes;
}

/** Bytes of an object itself; pushes what it refers to. */
function inside(value: object, open: unknown[], seen: Set<unknown>): number {
  if (ArrayBuffer.isView(value)) {
    // A view keeps its whole buffer alive, and other views may share it.
    if (seen.has(value.buffer)) return 0;
    seen.add(value.buffer);
    return value.buffer.byteLength;
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return value.byteLength;
  if (value instanceof Map) {
    for (const [key, item] of value) open.push(key, item);
    return value.size * 2 * FIELD;
  }
  if (value instanceof Set) {
    for (const item of value) open.push(item);
    return value.size * FIELD;
  }
  const items = Array.isArray(value) ? value : Object.values(value);
  for (const item of items) open.push(item);
  return items.length * FIELD;
}
