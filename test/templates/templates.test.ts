import { type NodeDefinition, parseJson, stringifyJson } from "@mezzotint/engine";
import { type Conversion, type Finding, readWorkflow, toPrompt, writeWorkflow } from "@mezzotint/engine/workflow";
import { beforeAll, describe, expect, test } from "vitest";
import { installedDefinitions } from "../installed.js";
import { differences } from "./compare.js";
import { type Template, templates } from "./files.js";
import { classesOf, secondReading, VIRTUAL } from "./second-reader/index.js";
import { syntheticDefinitions } from "./synthetic.js";

const files = templates();
const missing = "the templates are not here: node test/templates/fetch.mjs";

type Definitions = ReadonlyMap<string, NodeDefinition>;

const convert = ({ json }: Template, definitions: Definitions): Conversion =>
  toPrompt(readWorkflow(json), { definitions, dynamicPrompts: false });

const errorsOf = ({ findings }: Conversion): readonly Finding[] =>
  findings.filter(({ severity }) => severity === "error");

/** What is wrong with some files, a line each; empty when all is well. */
const complaints = (some: readonly Template[], check: (file: Template) => readonly string[]): string[] =>
  some.flatMap((file) => check(file).map((line) => `${file.name}: ${line}`));

/** How often each occurs, the most frequent first. */
function tally(names: readonly string[]): string[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]).map(([name, count]) => `${name}: ${count}`);
}

/** The product's conversion beside the second reader's. */
function compared(file: Template, definitions: Definitions): string[] {
  const conversion = convert(file, definitions);
  const errors = errorsOf(conversion).map(({ code, message }) => `${code}: ${message}`);
  return [...errors, ...differences(conversion.prompt, secondReading(file.json, definitions))];
}

describe.skipIf(files.length === 0)(files.length === 0 ? missing : "644 public workflows", () => {
  let installed: Definitions;
  let enlarged: Definitions;
  let known: readonly Template[];

  beforeAll(async () => {
    installed = await installedDefinitions();
    const synthetic = syntheticDefinitions(
      files.map(({ json }) => json),
      new Set([...installed.keys(), ...VIRTUAL]),
    );
    enlarged = new Map([...installed, ...synthetic]);
    known = files.filter(({ json }) => [...classesOf(json)].every((type) => installed.has(type)));
  });

  test("all of them are here", () => expect(files.length).toBe(644));

  test("each reads, writes back what it was to the order of its keys, and stays so when it is converted", () => {
    const wrong = complaints(files, ({ text, json }) => {
      const workflow = readWorkflow(json);
      const written = stringifyJson(writeWorkflow(workflow));
      toPrompt(workflow, { definitions: enlarged });
      return [
        ...workflow.findings.filter(({ severity }) => severity !== "note").map(({ message }) => message),
        ...(written === stringifyJson(parseJson(text)) ? [] : ["writes back something else"]),
        ...(stringifyJson(writeWorkflow(workflow)) === written ? [] : ["is changed by converting it"]),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test("those whose nodes are all installed convert, as the second reader has it", () => {
    expect(known.length).toBeGreaterThan(0);
    expect(complaints(known, (file) => compared(file, installed))).toEqual([]);
  });

  test("with definitions made from the files all of them convert, as the second reader has it", () => {
    expect(complaints(files, (file) => compared(file, enlarged))).toEqual([]);
  });

  test("of classes that are not installed, links and named values are as the second reader has them, and guesses are said", () => {
    const wrong = complaints(files, (file) => {
      const { prompt, findings } = convert(file, installed);
      const guessed = new Set(Object.values(prompt).flatMap((call) => (installed.has(call.class_type) ? [] : [call])));
      const silent = guessed.size > 0 && !findings.some(({ severity }) => severity !== "note");
      return [
        ...(silent ? ["nothing is said of guesses"] : []),
        ...differences(prompt, secondReading(file.json, installed)),
      ];
    });
    expect(wrong).toEqual([]);
  });

  test("counts", () => {
    const conversions = files.map((file) => ({ file, ...convert(file, enlarged) }));
    const refused = conversions.filter(({ findings }) => findings.some(({ severity }) => severity === "error"));
    const calls = conversions.flatMap(({ prompt }) => Object.values(prompt));
    const made = calls.filter((call) => !installed.has(call.class_type)).length;
    const inputs = calls.reduce((sum, call) => sum + Object.keys(call.inputs).length, 0);
    const graphs = files.flatMap(({ json }) => [json, ...(json.definitions?.subgraphs ?? [])]);
    const missing = tally(files.flatMap(({ json }) => [...classesOf(json)].filter((type) => !installed.has(type))));
    console.log(
      [
        `${files.length} files: ${graphs.flatMap(({ nodes }) => nodes).length} nodes, ${graphs.length - files.length} subgraph definitions`,
        `compared: ${calls.length} node calls with ${inputs} inputs; ${made} calls are of the ${enlarged.size - installed.size} classes that are not installed`,
        `holding installed classes only: ${known.length}; the others lack most often ${missing.slice(0, 10).join(", ")}`,
        `refused: ${refused.length}${refused.map(({ file, findings }) => `\n  ${file.name}: ${findings.find(({ severity }) => severity === "error")?.message}`).join("")}`,
        ...tally(
          conversions.flatMap(({ findings }) => findings.map(({ severity, code }) => `${severity} ${code}`)),
        ).map((line) => `  ${line}`),
      ].join("\n"),
    );
    expect(refused).toEqual([]);
  });
});
