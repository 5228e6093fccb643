// @ts-check
// Reads the tables of core-nodes.md: `node test/definitions/tables.mjs > test/definitions/core-nodes.json`.
import { readFileSync } from "node:fs";

/**
 * An input as the tables have it. Numbers are texts: some do not fit a double.
 * @typedef {{ name: string, type: string, optional?: boolean, lazy?: boolean, open?: boolean, forced?: boolean,
 *   control?: boolean, upload?: boolean, default?: string | boolean, min?: string, max?: string, step?: string,
 *   choices?: string[], files?: boolean, grow?: { prefix: string, min: number, max: number },
 *   branches?: Record<string, Input[]> }} Input
 * @typedef {{ class: string, inputs: Input[], hidden: string[], outputs: { type: string, name?: string, list?: boolean }[],
 *   output: boolean, deprecated: boolean }} Row
 */

const text = readFileSync(new URL("core-nodes.md", import.meta.url), "utf8");

/** @type {Map<string, string[]>} */
const lists = new Map();
for (const [, name = "", items = ""] of text.matchAll(/^- (\w+) = (.*)$/gm)) lists.set(name, items.split(", "));

/** Splits at separators that no bracket holds. @param {string} part @param {string} separator @returns {string[]} */
function split(part, separator) {
  const pieces = [""];
  let depth = 0;
  for (const character of part) {
    if ("{[(".includes(character)) depth++;
    if ("}])".includes(character)) depth--;
    if (character === separator && depth === 0) pieces.push("");
    else pieces[pieces.length - 1] += character;
  }
  return pieces.map((piece) => piece.trim()).filter(Boolean);
}

const typeOf = (/** @type {string} */ name) => (name === "ANY" ? "*" : name);

/** `2^64-1` and `-(2^63-1)`, else the digits as they are. @param {string} digits */
function number(digits) {
  const power = /^(-?)\(?2\^(\d+)-1\)?$/.exec(digits);
  return power ? `${power[1]}${2n ** BigInt(power[2] ?? 0) - 1n}` : digits;
}

/** @param {string} body @returns {Partial<Input>} */
function choices(body) {
  const list = lists.get(body);
  if (list) return { choices: list };
  if (body === "any" || body.startsWith("files:") || body.endsWith(" files")) return { files: true };
  return { choices: split(body, body.includes(",") ? "," : "/") };
}

/** @param {string} cell @returns {Input} */
function input(cell) {
  const [, question, name = "", rest = ""] = /^(\??)(\w+):(.*)$/.exec(cell) ?? refuse(cell);
  const optional = question === "?" && { optional: true };
  const branches = /^\{\{(.*)\}\}$/.exec(rest)?.[1];
  if (branches !== undefined) {
    const entries = split(branches, ";").map((branch) => {
      const [, choice = "", inside = ""] = /^(\w+): (.*)$/.exec(branch) ?? refuse(branch);
      return [choice, split(inside, ",").map(input)];
    });
    return { name, type: "COMFY_DYNAMICCOMBO_V3", ...optional, branches: Object.fromEntries(entries) };
  }
  const flags = /** @type {string[]} */ ([]);
  const bare = rest.replace(/\((lazy|open|forced|upload|\+control|grow [^)]*)\)/g, (_, flag) => {
    flags.push(flag);
    return "";
  });
  const pattern = /^(?:\{(.*)\}|([A-Z_]+))(?:=('[^']*'|[^[]+))?(?:\[(.+?)\.\.(.*?)(?:\/([^/]+))?\])?$/;
  const [, combo, type = "", given, min, max, step] = pattern.exec(bare) ?? refuse(cell);
  const grow = flags.map((flag) => /^grow (\w+) (\d+)\.\.(\d+)$/.exec(flag)).find(Boolean);
  return {
    name,
    type: combo === undefined ? typeOf(type) : "COMBO",
    ...optional,
    ...(flags.includes("lazy") && { lazy: true }),
    ...(flags.includes("open") && { open: true }),
    ...(flags.includes("forced") && { forced: true }),
    ...(flags.includes("+control") && { control: true }),
    ...(flags.includes("upload") && { upload: true }),
    ...(combo !== undefined && choices(combo)),
    ...(given !== undefined && { default: literal(given) }),
    ...(min && { min: number(min) }),
    ...(max && { max: number(max) }),
    ...(step && { step }),
    ...(grow && { grow: { prefix: grow[1] ?? "", min: Number(grow[2]), max: Number(grow[3]) } }),
  };
}

/** @param {string} given @returns {string | boolean} */
function literal(given) {
  if (given === "True" || given === "False") return given === "True";
  return given.startsWith("'") ? given.slice(1, -1) : given;
}

/** @param {string} part @returns {never} */
function refuse(part) {
  throw new Error(`core-nodes.md: ${part} is not in the notation`);
}

/** @param {string} line @returns {Row} */
function row(line) {
  const [name = "", inputs = "", outputs = ""] = split(line, "|");
  const cells = inputs === "—" ? [] : split(inputs, ",");
  const ends = split(outputs, ",");
  return {
    class: name.slice(1, -1),
    inputs: cells.filter((cell) => !cell.startsWith("hidden(")).map(input),
    hidden: cells.flatMap((cell) => /^hidden\((.*)\)$/.exec(cell)?.[1]?.split(",") ?? []),
    outputs: ends
      .filter((end) => !end.startsWith("["))
      .map((end) => {
        const [type = "", label] = end.split(" ");
        const list = type.endsWith("[]");
        return { type: typeOf(type.replace("[]", "")), ...(label && { name: label }), ...(list && { list }) };
      }),
    output: ends.includes("[output node]"),
    deprecated: ends.includes("[deprecated]"),
  };
}

const rows = text
  .split("\n")
  .filter((line) => line.startsWith("| `"))
  .map(row);
console.log(JSON.stringify(rows, null, 2));
