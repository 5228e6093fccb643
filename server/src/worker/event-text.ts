import { parseJson, type RunEvent, stringifyJson } from "@mezzotint/engine";

/** Characters of one event, beyond which what it shows is left out. */
const LARGEST = 4 * 2 ** 20;
/** Objects and arrays inside one another: whoever reads it may put it into more of them. */
const DEEPEST = 200;

/**
 * An event as JSON. What packs show may be no JSON: then NaN, functions and the like are what `JSON.stringify` makes
 * of them, and what is too large or too deep is left out, with a warning in its place.
 */
export function eventText(event: RunEvent): string {
  if (!("shown" in event) || event.shown === undefined) return stringifyJson(event);
  for (const plain of [(one: RunEvent) => one, plainly]) {
    const text = textOf(plain, event);
    if (text !== undefined) return text;
  }
  const warnings = ["what this node shows is too large to be told, or nested too deep"];
  return stringifyJson({ ...event, shown: { warnings } });
}

function textOf(plain: (event: RunEvent) => unknown, event: RunEvent): string | undefined {
  try {
    const text = stringifyJson(plain(event));
    parseJson(text, { size: LARGEST, depth: DEEPEST });
    return text;
  } catch {
    return undefined;
  }
}

/** What JSON keeps of a value; bigints as texts. */
const plainly = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value, (_key, one: unknown) => (typeof one === "bigint" ? String(one) : one)));
