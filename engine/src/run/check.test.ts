import { expect, test } from "vitest";
import { check } from "./check.js";
import { describe as describePacks, nodesOf } from "./describe.js";
import { branch, choiceOf, grow, int, lazy, link, list, optional, seed, text } from "./inputs.js";
import { parseJson, stringifyJson } from "./json.js";
import { defineNode } from "./node.js";
import { definePack } from "./pack.js";
import { isRefused, type Plan } from "./plan.js";
import type { Refused } from "./problems.js";
import { provide, service, services } from "./service.js";
import { ANY, each, INT, socket } from "./socket.js";

const FILES = service<{ list: () => string[] }>("files");
const files: string[] = ["a.png"];
const use = services([provide(FILES, { list: () => files })]);
const seen: unknown[] = [];

const load = defineNode({
  id: "Load",
  category: "",
  doc: "",
  inputs: { file: choiceOf((ask) => ask(FILES).list()) },
  outputs: { value: ANY },
  output: true,
  run: ({ file }) => ({ value: file }),
});
const picky = defineNode({
  id: "Picky",
  category: "",
  doc: "",
  inputs: {
    size: int(),
    name: optional(text()),
    lazy: optional(lazy(int())),
    all: optional(list(int())),
    many: grow(int(), { prefix: "n" }),
    mode: branch({ plain: {}, list: { items: text() } }),
    link: optional(link(ANY)),
  },
  outputs: { value: INT },
  output: true,
  check: async (literals, ctx) => {
    seen.push(literals);
    if (literals.size === 13) return `${ctx.use(FILES).list().length} files, and 13 is unlucky`;
    if (literals.size === 14) throw new Error("cannot look");
    return undefined;
  },
  run: () => ({ value: 1 }),
});
const packs = [definePack({ name: "test", version: "3", nodes: [load, picky] })];
const nodes = nodesOf(packs);

test("definitions say which nodes check their literals by code", async () => {
  const definitions = await describePacks(packs, use);
  const told = Array.from(definitions.values(), ({ id, checked }) => [id, checked]);
  expect(told).toEqual([
    ["Load", undefined],
    ["Picky", true],
  ]);
});

test("definitions are plain data and survive JSON, bigints and all", async () => {
  const seeded = defineNode({
    id: "Seeded",
    category: "x",
    doc: "d",
    inputs: { seed: seed(), image: link(socket("IMAGE", { local: true })) },
    outputs: { out: each(INT), local: socket<number>("L", { local: true }) },
    resources: ["gpu"],
    version: () => "1",
    run: () => ({ out: [], local: 1 }),
  });
  const definitions = await describePacks(
    [...packs, definePack({ name: "other", version: "1", nodes: [seeded] })],
    use,
  );
  expect([...definitions.keys()]).toEqual(["Load", "Picky", "Seeded"]);
  for (const definition of definitions.values()) expect(parseJson(stringifyJson(definition))).toEqual(definition);
  expect(definitions.get("Load")).toMatchObject({
    pack: { name: "test", version: "3" },
    inputs: { file: { choices: ["a.png"], dynamic: true } },
  });
  expect(definitions.get("Seeded")?.outputs).toEqual({
    out: { type: "INT", list: true },
    local: { type: "L", local: true },
  });
});

test("a class that two packs bring is refused, with both named", async () => {
  const other = definePack({ name: "rival", version: "1", nodes: [load] });
  await expect(describePacks([...packs, other], use)).rejects.toThrow(/packs test and rival both bring .*Load/);
});

test("choices that cannot be listed name the node and the input", async () => {
  await expect(describePacks(packs, services([]))).rejects.toThrow(/Load, input file: .*no "files"/);
});

test("names that JavaScript would move are refused", () => {
  const wrong =
    (inputs: object, outputs = {}) =>
    () =>
      definePack({
        name: "p",
        version: "1",
        nodes: [defineNode({ ...load, inputs, outputs, run: () => ({}) } as never)],
      });
  expect(wrong({ a: int(), 1: int() })).toThrow('the input "1"');
  expect(wrong({}, { 0: INT })).toThrow('the output "0"');
  expect(wrong({ mode: branch({ 2: {} }) })).toThrow('the choice "2"');
  expect(wrong({ mode: branch({ two: { 3: int() } }) })).toThrow('the input "3"');
});

test("a file that appeared since the definitions were made is taken; one that is not there is refused", async () => {
  const definitions = await describePacks(packs, use);
  files.push("new.png");
  const prompt = (file: string) => ({ 1: { class_type: "Load", inputs: { file } } });
  expect(isRefused(await check(prompt("new.png"), definitions, { nodes, use }))).toBe(false);
  const refused = (await check(prompt("nowhere.png"), definitions, { nodes, use })) as Refused;
  expect(refused.node_errors["1"]?.errors[0]).toMatchObject({ type: "value_not_in_list" });
  expect(refused.node_errors["1"]?.errors[0]?.details).toContain("new.png");
});

test("checks see literals only, in the shape that run takes, and refuse with the node named", async () => {
  const definitions = await describePacks(packs, use);
  const inputs = {
    size: 1,
    name: "x",
    lazy: 5,
    all: 7,
    "many.n0": 1,
    "many.n1": ["other", 0],
    "many.n2": 3,
    mode: "list",
    "mode.items": "i",
    link: ["other", 0],
  };
  const other = { class_type: "Picky", inputs: { size: 2, mode: "plain" } };
  const prompt = { other, 1: { class_type: "Picky", inputs } };
  seen.length = 0;
  const planned = (await check(prompt, definitions, { nodes, use, targets: ["1"] })) as Plan;
  expect(planned.targets).toEqual(["1"]);
  expect(seen).toContainEqual({
    size: 1,
    name: "x",
    lazy: 5,
    all: [7],
    many: [1, undefined, 3],
    mode: { choice: "list", items: "i" },
  });
  const bad = (size: number) => ({ ...prompt, 2: { class_type: "Picky", inputs: { size, mode: "plain" } } });
  const unlucky = (await check(bad(13), definitions, { nodes, use })) as Plan;
  expect(unlucky.targets).toEqual(["other", "1"].toSorted());
  expect(unlucky.node_errors["2"]).toMatchObject({
    errors: [{ type: "custom_validation_failed", details: "Picky (node 2): 2 files, and 13 is unlucky" }],
    dependent_outputs: ["2"],
  });
  const thrown = await check(bad(14), definitions, { nodes, use, targets: ["2"] });
  expect(thrown).toMatchObject({
    error: { type: "prompt_outputs_failed_validation" },
    node_errors: { 2: { errors: [{ type: "exception_during_inner_validation" }] } },
  });
});
