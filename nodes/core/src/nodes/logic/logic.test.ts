import {
  any,
  defineNode,
  definePack,
  describe as describePacks,
  isRefused,
  nodesOf,
  type Prompt,
  plan,
  run,
  services,
} from "@mezzotint/engine";
import { expect, test } from "vitest";
import { customCombo } from "./custom-combo.js";
import { comfyPassOrNone, comfySwitch } from "./switch.js";
import { comfyAnd, comfyNot, comfyOr } from "./truth.js";

/** Runs a prompt and tells what its Seen nodes saw, by their ids, and which steps ran. */
async function runPrompt(prompt: Prompt): Promise<{ seen: Record<string, unknown>; ran: string[] }> {
  const seen: Record<string, unknown> = {};
  const see = defineNode({
    id: "Seen",
    category: "test",
    doc: "Sees.",
    inputs: { value: any() },
    outputs: {},
    output: true,
    run: ({ value }, { node }) => {
      seen[node] = value;
      return {};
    },
  });
  const nodes = [comfySwitch, comfyPassOrNone, comfyAnd, comfyOr, comfyNot, customCombo, see];
  const pack = definePack({ name: "test", version: "1.0.0", nodes });
  const definitions = await describePacks([pack], services([]));
  const planned = plan(prompt, definitions);
  if (isRefused(planned)) throw new Error(JSON.stringify(planned));
  const ran: string[] = [];
  await run(planned, {
    nodes: nodesOf([pack]),
    definitions,
    use: services([]),
    prompt,
    emit: (event) => void (event.type === "started" && ran.push(event.node)),
  });
  return { seen, ran };
}

const call = (class_type: string, inputs: Record<string, unknown>) => ({ class_type, inputs });
const not = (value: unknown) => call("ComfyNotNode", { value });

test.each([true, false])("a switch at %s computes the chosen side only", async (chosen) => {
  const { seen, ran } = await runPrompt({
    yes: not(0),
    no: not(1),
    switch: call("ComfySwitchNode", { switch: chosen, on_true: ["yes", 0], on_false: ["no", 0] }),
    seen: call("Seen", { value: ["switch", 0] }),
  });
  expect(seen).toEqual({ seen: chosen });
  expect(ran).not.toContain(chosen ? "no" : "yes");
});

test("a chosen side that is not linked gives nothing, which Pass or None has a default for", async () => {
  const { seen, ran } = await runPrompt({
    yes: not(0),
    switch: call("ComfySwitchNode", { switch: false, on_true: ["yes", 0] }),
    pass: call("ComfyPassOrNoneNode", { anything: ["switch", 0], default: "instead" }),
    none: call("ComfyPassOrNoneNode", { anything: ["switch", 0] }),
    through: call("ComfyPassOrNoneNode", { anything: 0, default: "instead" }),
    seen: call("Seen", { value: ["pass", 0] }),
    seenNone: call("Seen", { value: ["none", 1] }),
    seenThrough: call("Seen", { value: ["through", 0] }),
  });
  expect(seen).toEqual({ seen: "instead", seenNone: true, seenThrough: 0 });
  expect(ran).not.toContain("yes");
});

test.each([
  [[true, 1, "a"], true, true],
  [[true, 0, ""], false, true],
  [[0, "", false], false, false],
  [[{ __value__: [] }], false, false],
  [[{ __value__: [0] }, {}], false, true],
  [["False"], true, true],
])("values %j: all %j, any %j", async (values, all, some) => {
  const inputs = Object.fromEntries(values.map((value, i) => [`values.value${i}`, value]));
  const { seen } = await runPrompt({
    and: call("ComfyAndNode", inputs),
    or: call("ComfyOrNode", inputs),
    neither: not(["or", 0]),
    all: call("Seen", { value: ["and", 0] }),
    some: call("Seen", { value: ["or", 0] }),
    none: call("Seen", { value: ["neither", 0] }),
  });
  expect(seen).toEqual({ all, some, none: !some });
});

test("And without a value is refused", async () => {
  await expect(runPrompt({ and: call("ComfyAndNode", {}), seen: call("Seen", { value: ["and", 0] }) })).rejects.toThrow(
    /values\.value0/,
  );
});

test("a combo of the editor's own choices passes on what was chosen and its place", async () => {
  const { seen } = await runPrompt({
    combo: call("CustomCombo", { choice: "9:16", index: 1, option1: "16:9", option2: "9:16", option3: "" }),
    old: call("CustomCombo", { choice: "a" }),
    seen: call("Seen", { value: ["combo", 0] }),
    place: call("Seen", { value: ["combo", 1] }),
    first: call("Seen", { value: ["old", 1] }),
  });
  expect(seen).toEqual({ seen: "9:16", place: 1, first: 0 });
});
