/** Objects that survive `v8.serialize` as what they are. */
const PLAIN = new Set<object | null>([
  null,
  Object.prototype,
  Array.prototype,
  Map.prototype,
  Set.prototype,
  Date.prototype,
]);

/** Whether a value is made of plain data only. Serialising anything else quietly loses its methods and symbols. */
export function isPlain(value: unknown): boolean {
  const seen = new Set<unknown>();
  const open = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === "function" || typeof one === "symbol") return false;
    if (typeof one !== "object" || one === null || seen.has(one)) continue;
    seen.add(one);
    if (ArrayBuffer.isView(one) || one instanceof ArrayBuffer) continue;
    if (!PLAIN.has(Object.getPrototypeOf(one)) || Object.getOwnPropertySymbols(one).length > 0) return false;
    const items = one instanceof Map ? [...one].flat() : one instanceof Set ? one : Object.values(one);
    for (const item of items) open.push(item);
  }
  return true;
}
