import { existsSync, readdirSync, realpathSync } from "node:fs";
import { dirname, join, posix, sep } from "node:path";
import type { Prompt } from "@mezzotint/engine";
import { BadName, relativeName } from "../folders/names.js";

/** What the placeholders of a file name stand for. */
export interface NameFacts {
  readonly width: number;
  readonly height: number;
  readonly now: Date;
  readonly prompt?: Prompt | undefined;
}

const pad = (n: number, length = 2): string => String(n).padStart(length, "0");

/** A date by a pattern of y, M, d, h (0 to 23), m and s; a doubled letter pads with zeros. */
const formatDate = (pattern: string, now: Date): string =>
  pattern.replaceAll(/yyyy|yyy|yy|MM?|dd?|HH?|hh?|mm?|ss?/g, (part) => {
    const year = String(now.getFullYear());
    if (part[0] === "y") return part.length === 2 ? year.slice(2) : year;
    const parts: Readonly<Record<string, number>> = {
      M: now.getMonth() + 1,
      d: now.getDate(),
      H: now.getHours(),
      h: now.getHours(),
      m: now.getMinutes(),
      s: now.getSeconds(),
    };
    return pad(parts[part[0] as string] as number, part.length);
  });

/** Names are compared without case and spaces. A prompt may hold anything for a title. */
const plain = (name: unknown): string =>
  String(name ?? "")
    .toLowerCase()
    .replaceAll(/\s/g, "");

/** The literal of `%Node.input%`: a node by its title or class, case and spaces aside. Its value may not add folders. */
function literalOf(prompt: Prompt | undefined, node: string, input: string): string | undefined {
  const found = Object.values(prompt ?? {}).find(
    ({ class_type, _meta }) => plain(_meta?.title) === plain(node) || plain(class_type) === plain(node),
  );
  const [, value] = Object.entries(found?.inputs ?? {}).find(([name]) => plain(name) === plain(input)) ?? [];
  return ["string", "number", "bigint", "boolean"].includes(typeof value)
    ? String(value)
        .replaceAll(/[^\p{L}\p{N} ._-]/gu, "_")
        .slice(0, 100)
    : undefined;
}

/**
 * Fills in `%width% %height% %year% %month% %day% %hour% %minute% %second%`, `%date:yyyy-MM-dd%` and
 * `%KSampler.seed%`. `%batch_num%` is left for each picture; what is not understood stays as it is.
 */
export function expandPrefix(prefix: string, { width, height, now, prompt }: NameFacts): string {
  const facts: Readonly<Record<string, string>> = {
    width: String(width),
    height: String(height),
    year: String(now.getFullYear()),
    month: pad(now.getMonth() + 1),
    day: pad(now.getDate()),
    hour: pad(now.getHours()),
    minute: pad(now.getMinutes()),
    second: pad(now.getSeconds()),
  };
  return prefix
    .replaceAll(/%(width|height|year|month|day|hour|minute|second)%/g, (_, key: string) => facts[key] as string)
    .replaceAll(/%date(?::([^%\n]{1,100}))?%/g, (_, pattern = "yyyyMMddhhmmss") => formatDate(pattern, now))
    .replaceAll(
      /%([^%\n]{1,200})\.([^%.\n]{1,200})%/g,
      (whole, node, input) => literalOf(prompt, node, input) ?? whole,
    );
}

/** The deepest folder of a path that is there. */
function existing(path: string): string {
  return existsSync(path) || path === dirname(path) ? path : existing(dirname(path));
}

/** The folder and the start of the file name that a prefix means. Throws when it leaves `root`, links included. */
export function placeOf(root: string, prefix: string): { folder: string; subfolder: string; stem: string } {
  const name = relativeName(prefix);
  const subfolder = posix.dirname(name) === "." ? "" : posix.dirname(name);
  const folder = join(root, subfolder);
  if (existsSync(root) && !`${realpathSync(existing(folder))}${sep}`.startsWith(realpathSync(root) + sep)) {
    throw new BadName(`the file name ${JSON.stringify(prefix)} leads out of ${root} by a link`);
  }
  return { folder, subfolder, stem: posix.basename(name) };
}

/** The highest N among `<stem>_<N>_*` in a folder; 0 if there is none. */
function highest(folder: string, stem: string): number {
  const start = `${stem}_`.toLowerCase();
  let most = 0;
  for (const name of readdirSync(folder)) {
    if (!name.toLowerCase().startsWith(start)) continue;
    const digits = /^\d{1,15}(?=[_.])/.exec(name.slice(start.length))?.[0];
    if (digits !== undefined) most = Math.max(most, Number(digits));
  }
  return most;
}

/** Free names in a folder, `<stem>_00001_.png` and on, starting after the highest that is there. */
export function* freeNames(folder: string, stem: string, extension = "png"): Generator<string> {
  for (let n = highest(folder, stem) + 1; ; n++) yield `${stem}_${pad(n, 5)}_.${extension}`;
}
