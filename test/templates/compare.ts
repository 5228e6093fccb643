import type { Prompt } from "@mezzotint/engine";
import type { Call } from "./second-reader/index.js";

/** Two readings of a file, node by node and input by input: every place where they differ, in words. */
export function differences(first: Prompt, second: ReadonlyMap<string, Call>): string[] {
  const found: string[] = [];
  const ids = [...Object.keys(first)].sort();
  const others = [...second.keys()].sort();
  if (!same(ids, others)) {
    found.push(...ids.filter((id) => !second.has(id)).map((id) => `node ${id}: only the product has it`));
    found.push(
      ...others.filter((id) => !Object.hasOwn(first, id)).map((id) => `node ${id}: only the second reader has it`),
    );
  }
  for (const [id, call] of second) {
    const other = first[id];
    if (other === undefined) continue;
    if (other.class_type !== call.class_type) found.push(`node ${id}: ${other.class_type} and ${call.class_type}`);
    if (other._meta?.title !== call._meta.title)
      found.push(`node ${id}: titles ${show(other._meta?.title)} and ${show(call._meta.title)}`);
    for (const name of new Set([...Object.keys(call.partial ? {} : other.inputs), ...Object.keys(call.inputs)])) {
      const [mine, its] = [other.inputs[name], call.inputs[name]];
      if (!same(mine, its)) found.push(`${call.class_type} ${id}, input ${name}: ${show(mine)} and ${show(its)}`);
    }
  }
  return found;
}

/** Equal as JSON values: keys in any order, bigints as they are. */
function same(a: unknown, b: unknown): boolean {
  if (Object.is(a, b) || a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length &&
    keys.every((key) => Object.hasOwn(b, key) && same(a[key as never], b[key as never]))
  );
}

const show = (value: unknown): string =>
  JSON.stringify(value, (_, item) => (typeof item === "bigint" ? `${item}n` : item))?.slice(0, 80) ?? "nothing";
