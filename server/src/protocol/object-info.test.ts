import { readFileSync } from "node:fs";
import {
  branch,
  defineNode,
  definePack,
  describe as describePacks,
  float,
  grow,
  hidden,
  INT,
  int,
  lazy,
  link,
  optional,
  parseJson,
  provide,
  seed,
  services,
  socket,
  text,
} from "@mezzotint/engine";
import { beforeAll, describe, expect, test } from "vitest";
import * as builtin from "../builtin.js";
import { objectInfo } from "./object-info.js";

type Spec = readonly [type: unknown, options: Readonly<Record<string, unknown>>];
type Section = Readonly<Record<string, Spec>>;
interface ClassInfo {
  readonly input: { readonly required: Section; readonly optional?: Section; readonly hidden?: object };
  readonly input_order: Readonly<Record<string, readonly string[]>>;
  readonly [name: string]: unknown;
}

const parsed = (json: string) => parseJson(json) as Readonly<Record<string, ClassInfo>>;

describe("ComfyUI's tables", () => {
  interface Row {
    readonly class: string;
    readonly inputs: readonly Readonly<Record<string, unknown>>[];
    readonly hidden: readonly string[];
    readonly outputs: readonly { readonly type: string; readonly name?: string; readonly list?: boolean }[];
    readonly output: boolean;
    readonly deprecated: boolean;
  }
  const rows: readonly Row[] = JSON.parse(
    readFileSync(new URL("../../../test/definitions/core-nodes.json", import.meta.url), "utf8"),
  );
  let all: Readonly<Record<string, ClassInfo>>;
  beforeAll(async () => {
    const [{ default: core, FOLDERS, openFolders }, { default: diffusion }] = await Promise.all([
      builtin.core(),
      builtin.diffusion(),
    ]);
    const use = services([provide(FOLDERS, openFolders({ data: "/nowhere" }))]);
    all = parsed(objectInfo(await describePacks([core, diffusion], use)).all);
  });

  /** Numbers of the tables are texts. */
  const number = (value: unknown) => (value === undefined ? undefined : String(Number(value)));
  const names = (inputs: Row["inputs"], wanted: boolean) =>
    inputs.filter(({ optional = false }) => optional === wanted).map(({ name }) => name);

  test("most classes of the tables are there", () => {
    expect(rows.filter((row) => all[row.class]).length).toBeGreaterThan(60);
  });

  test.each(rows)("$class", (row) => {
    const info = all[row.class];
    if (info === undefined) return;
    expect(info.input_order.required).toEqual(names(row.inputs, false));
    expect(info.input_order.optional ?? []).toEqual(names(row.inputs, true));
    expect([...(info.input_order.hidden ?? [])].sort()).toEqual([...row.hidden].sort());
    expect(info.output).toEqual(row.outputs.map(({ type }) => type));
    expect(info.output_name).toEqual(row.outputs.map(({ type, name = type }) => name));
    expect(info.output_is_list).toEqual(row.outputs.map(({ list = false }) => list));
    expect([info.output_node, info.deprecated ?? false]).toEqual([row.output, row.deprecated]);
    for (const input of row.inputs) {
      const [type, options] = { ...info.input.required, ...info.input.optional }[input.name as string]!;
      if (input.grow || input.branches) continue;
      if (input.files) expect(type).toEqual(expect.any(Array));
      else expect(type).toEqual(input.type === "COMBO" ? input.choices : input.type);
      for (const key of ["min", "max", "step"]) expect([key, number(options[key])]).toEqual([key, number(input[key])]);
      if (input.default !== undefined) expect(String(options.default)).toBe(String(input.default).replace(/\.0$/, ""));
      expect(options.control_after_generate ?? false).toBe(input.control ?? false);
      expect(options.image_upload ?? false).toBe(input.upload ?? false);
      expect(options.lazy ?? false).toBe(input.lazy ?? false);
      expect(options.forceInput ?? false).toBe(input.forced ?? false);
    }
  });
});

describe("what the tables do not show", () => {
  const node = defineNode({
    id: "Made",
    title: "Made up",
    category: "test",
    doc: "Does nothing.",
    aliases: ["nothing"],
    experimental: true,
    inputs: {
      noise: seed(),
      count: link(INT, { tooltip: "how many" }),
      words: text({ multiline: true, dynamicPrompts: true }),
      mode: branch({ plain: {}, strong: { amount: float({ default: 1 }), more: optional(int()) } }),
      parts: grow(lazy(link(socket("IMAGE"))), { prefix: "part", min: 1, max: 4 }),
      unique_id: hidden.nodeId,
    },
    outputs: { value: { ...INT, tooltip: "the value" } },
    run: () => ({ value: 1 }),
  });
  const infoOf = async (name = "stranger") =>
    objectInfo(await describePacks([definePack({ name, version: "1", nodes: [node] })], services([])));

  test("a seed's bound keeps all of its 64 bits", async () => {
    const { all } = await infoOf();
    expect(all).toContain('"max":18446744073709551615');
    expect(parsed(all).Made!.input.required.noise).toEqual([
      "INT",
      { default: 0, min: 0, max: 0xffff_ffff_ffff_ffffn, control_after_generate: true },
    ]);
  });

  test("dynamic combos, autogrow and forced slots have the shape of ComfyUI's third schema", async () => {
    const { required } = parsed((await infoOf()).all).Made!.input;
    expect(required.mode).toEqual([
      "COMFY_DYNAMICCOMBO_V3",
      {
        options: [
          { key: "plain", inputs: { required: {} } },
          {
            key: "strong",
            inputs: { required: { amount: ["FLOAT", { default: 1 }] }, optional: { more: ["INT", {}] } },
          },
        ],
      },
    ]);
    expect(required.parts).toEqual([
      "COMFY_AUTOGROW_V3",
      { lazy: true, template: { input: { required: { part: ["IMAGE", {}] } }, prefix: "part", min: 1, max: 4 } },
    ]);
    expect(required.count).toEqual(["INT", { tooltip: "how many", forceInput: true }]);
    expect(required.words).toEqual(["STRING", { multiline: true, dynamicPrompts: true }]);
  });

  test("the class says who brings it, and what it is", async () => {
    expect(parsed((await infoOf()).all).Made).toMatchObject({
      input: { hidden: { unique_id: "UNIQUE_ID" } },
      display_name: "Made up",
      description: "Does nothing.",
      python_module: "custom_nodes.stranger",
      output_tooltips: ["the value"],
      search_aliases: ["nothing"],
      experimental: true,
      is_input_list: false,
    });
    expect(parsed((await infoOf("@mezzotint/nodes-core")).all).Made!.python_module).toBe("nodes");
  });

  test("one class has the form of all, and an unknown one is an empty object", async () => {
    const info = await infoOf();
    expect(info.of("Made")).toBe(info.all);
    for (const name of ["Other", "__proto__", "constructor"]) expect(info.of(name)).toBe("{}");
  });
});
