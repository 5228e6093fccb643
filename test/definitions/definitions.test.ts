import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NodeDefinition } from "@mezzotint/engine";
import { beforeAll, expect, test } from "vitest";
import { installedDefinitions } from "../installed.js";
import { actual, expected, type TableRow } from "./interfaces.js";

/** Classes of the tables that are not here yet, and the capability that brings each. Take one off when it comes. */
const AHEAD: Readonly<Record<string, string>> = {
  LoraLoader: "LoRA",
  LoraLoaderModelOnly: "LoRA",
  ControlNetLoader: "ControlNet",
  ControlNetApply: "ControlNet",
  ControlNetApplyAdvanced: "ControlNet",
  SetUnionControlNetType: "ControlNet",
  CLIPVisionLoader: "IP-Adapter",
  CLIPVisionEncode: "IP-Adapter",
  UpscaleModelLoader: "upscalers",
  ImageUpscaleWithModel: "upscalers",
  CLIPTextEncodeSDXL: "SDXL",
  ModelSamplingSD3: "SD3",
  EmptySD3LatentImage: "SD3",
  ModelSamplingFlux: "Flux",
  FluxGuidance: "Flux",
  CLIPTextEncodeFlux: "Flux",
  FreeU_V2: "FreeU",
};

const at = (name: string): string => join(import.meta.dirname, name);
const rows: readonly TableRow[] = JSON.parse(readFileSync(at("core-nodes.json"), "utf8"));

let installed: ReadonlyMap<string, NodeDefinition>;
beforeAll(async () => {
  installed = await installedDefinitions();
});

test("core-nodes.json is what core-nodes.md says", () => {
  const made = execFileSync(process.execPath, [at("tables.mjs")], { encoding: "utf8" });
  expect(rows).toEqual(JSON.parse(made));
});

test.each(rows.filter((row) => AHEAD[row.class] === undefined))("$class", (row) => {
  const definition = installed.get(row.class);
  expect(definition === undefined ? "not installed" : actual(definition, row)).toEqual(expected(row));
});

test.each(Object.entries(AHEAD))("%s comes with %s", (name) => {
  expect(rows.map((row) => row.class)).toContain(name);
  expect(installed.has(name), `${name} is installed: compare it with its table`).toBe(false);
});
