/** An object of parsed JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** Whether a value is an object of parsed JSON: no array, no null. */
export const isRecord = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The value of a key of foreign data: nothing is inherited, so `constructor` and `__proto__` are keys like any other. */
export const own = (record: unknown, key: string): unknown =>
  isRecord(record) && Object.hasOwn(record, key) ? record[key] : undefined;

/** Sets a foreign key on a plain object, `__proto__` included. */
export function put<T>(record: Record<string, T>, key: string, value: T): void {
  if (key === "__proto__")
    Object.defineProperty(record, key, { value, enumerable: true, configurable: true, writable: true });
  else record[key] = value;
}

/** A foreign value as text, "" if it is neither text, number nor truth value: an object may throw on being asked. */
export const spelled = (value: unknown): string =>
  typeof value === "object" || value === undefined || typeof value === "function" ? "" : String(value);

/** Items by a key of theirs, in their order. */
export function grouped<K, T>(items: Iterable<T>, keyOf: (item: T) => K): ReadonlyMap<K, readonly T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group) group.push(item);
    else groups.set(key, [item]);
  }
  return groups;
}
