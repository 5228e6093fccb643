import { posix } from "node:path";

/** Why a name from a workflow was refused. */
export class BadName extends Error {
  override readonly name = "BadName";
}

/** C0 controls and DEL: no file of ours has them, and some systems cut a name at NUL. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is these characters that are refused.
const CONTROL = /[\u0000-\u001f\u007f]/;

/** File systems take 255 bytes; the rest is for a counter and an extension. */
const LONGEST = 230;

/**
 * A relative name with `/` between its parts, from a name of either system (`a\b`, `a/./b`).
 * Throws `BadName` for empty and absolute names, drive letters, control characters, and names that climb out (`..`).
 */
export function relativeName(name: string): string {
  const shown = JSON.stringify(name.length > 200 ? `${name.slice(0, 200)}…` : name);
  if (CONTROL.test(name)) throw new BadName(`the name ${shown} holds control characters`);
  const slashed = name.replaceAll("\\", "/");
  if (slashed.startsWith("/") || /^[a-z]:/i.test(slashed)) {
    throw new BadName(`the name ${shown} is absolute; give it relative to its folder`);
  }
  const normal = posix.normalize(slashed).replace(/\/+$/, "");
  if (normal === ".." || normal.startsWith("../")) throw new BadName(`the name ${shown} leaves its folder`);
  if (normal === "" || normal === ".") throw new BadName(`the name ${shown} is empty`);
  if (normal.split("/").some((part) => Buffer.byteLength(part) > LONGEST))
    throw new BadName(`the name ${shown} is too long: a file or folder may have ${LONGEST} bytes`);
  return normal;
}

/** Edit distance, giving up (Infinity) as soon as it must exceed `limit`. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return Number.POSITIVE_INFINITY;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
      next.push(cost);
      best = Math.min(best, cost);
    }
    if (best > limit) return Number.POSITIVE_INFINITY;
    row = next;
  }
  return row[b.length] as number;
}

const stem = (name: string): string => posix.basename(name, posix.extname(name)).toLowerCase();

/** Up to three of `names` that a person may have meant by `wanted`: same file elsewhere, other case, a slip or two. */
function nearNames(wanted: string, names: readonly string[]): string[] {
  const target = stem(wanted.slice(0, 200).replaceAll("\\", "/"));
  const limit = Math.max(2, Math.floor(target.length / 4));
  return names
    .slice(0, 5000)
    .map((name) => ({ name, cost: distance(target, stem(name).slice(0, 200), limit) }))
    .filter(({ cost }) => cost <= limit)
    .sort((a, b) => a.cost - b.cost)
    .slice(0, 3)
    .map(({ name }) => name);
}

/** `"a", "b" or "c"` as the end of an error, or what is there instead when nothing is near. */
export function suggestion(wanted: string, names: readonly string[]): string {
  const near = nearNames(wanted, names).map((name) => JSON.stringify(name));
  if (near.length > 0) return `did you mean ${near.join(" or ")}?`;
  if (names.length === 0) return "there are none yet";
  const some = names.slice(0, 5).map((name) => JSON.stringify(name));
  return `there are ${some.join(", ")}${names.length > some.length ? ` and ${names.length - some.length} more` : ""}`;
}
