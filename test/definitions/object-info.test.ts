import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parseJson } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { ask, startServer } from "../serve/server.js";
import { AHEAD } from "./ahead.js";
import { expected, type TableRow } from "./interfaces.js";
import { type ServedClass, served } from "./served.js";

const rows: readonly TableRow[] = JSON.parse(readFileSync(join(import.meta.dirname, "core-nodes.json"), "utf8"));

/** Editors put required inputs before optional ones, in whatever order a class declares them. */
const inServedOrder = (row: TableRow): TableRow => ({
  ...row,
  inputs: [...row.inputs.filter(({ optional }) => !optional), ...row.inputs.filter(({ optional }) => optional)],
});

/** What a server answers about all classes, and about each alone; asked once. */
let answers: Promise<Answers> | undefined;
interface Answers {
  readonly all: Readonly<Record<string, ServedClass>>;
  readonly single: Readonly<Record<string, ServedClass>>;
}
const asked = (): Promise<Answers> => {
  answers ??= askAll();
  return answers;
};

async function askAll(): Promise<Answers> {
  const server = await startServer();
  const whole = await ask(server, "/object_info");
  expect(whole.headers["content-type"]).toMatch(/^application\/json/);
  expect((await ask(server, "/api/object_info")).text).toBe(whole.text);
  const all = parseJson(whole.text) as Answers["all"];
  const one = async (name: string) => parseJson((await ask(server, `/object_info/${name}`)).text) as object;
  return { all, single: Object.assign({}, ...(await Promise.all(Object.keys(all).map(one)))) };
}

describe("GET /object_info", () => {
  test.each(rows.filter((row) => AHEAD[row.class] === undefined))("$class", async (row) => {
    const { all } = await asked();
    const info = all[row.class];
    expect(info === undefined ? "not served" : served(info, row)).toEqual(expected(inServedOrder(row)));
  });

  test("each class is the same when it is asked for alone", async () => {
    const { all, single } = await asked();
    expect(single).toEqual(all);
  });

  test("each class has what editors read of it, and its inputs in order", async () => {
    const { all } = await asked();
    expect(Object.keys(all).length).toBeGreaterThan(rows.length - Object.keys(AHEAD).length);
    for (const [name, info] of Object.entries(all)) {
      expect(info, name).toMatchObject({
        name,
        display_name: expect.any(String),
        description: expect.any(String),
        python_module: expect.stringMatching(/^(nodes|custom_nodes\..+)$/),
        category: expect.any(String),
        is_input_list: expect.any(Boolean),
        has_intermediate_output: expect.any(Boolean),
      });
      const order = Object.entries(info.input).map(([section, inputs]) => [section, Object.keys(inputs)]);
      expect(info.input_order, name).toEqual(Object.fromEntries(order));
    }
  });
});
