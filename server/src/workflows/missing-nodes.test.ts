import { isRefused, type Prompt, plan, type Refused } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { explainMissing } from "./missing-nodes.js";

const definition = { inputs: {}, outputs: {}, pack: { name: "here", version: "1" } };
const here = new Map(["LatentAdder", "Fancied"].map((id) => [id, { ...definition, id }])) as never;

async function told(type: string, saved?: Record<string, unknown>): Promise<string> {
  const prompt: Prompt = { "3": { class_type: type, inputs: {} } };
  const refused = plan(prompt, here);
  expect(isRefused(refused)).toBe(true);
  const { error, node_errors } = await explainMissing(refused as Refused, prompt, saved);
  const [line] = node_errors["3"]!.errors;
  expect(error.details).toBe(line!.details);
  return line!.details;
}

describe("a node whose type is not installed", () => {
  test("is no misspelling if it is ComfyUI's", async () => {
    const what = "is a node of ComfyUI that Mezzotint does not have yet";
    expect(await told("LatentAdd")).toBe(`LatentAdd (node 3): LatentAdd ${what}`);
    const core = { type: "NewerNode", properties: { cnr_id: "comfy-core" } };
    expect(await told("NewerNode", { nodes: [core] })).toBe(`NewerNode (node 3): NewerNode ${what}`);
  });

  test("is of the pack that the file names, in subgraphs too", async () => {
    const node = { type: "Fancy", properties: { cnr_id: "fancy-pack" } };
    const line = /no installed pack has a node type "Fancy".*\(of the pack "fancy-pack", says the file\)$/;
    expect(await told("Fancy", { nodes: [node] })).toMatch(line);
    expect(await told("Fancy", { definitions: { subgraphs: [null, { nodes: [null, node] }] } })).toMatch(line);
  });

  test("may be misspelt otherwise", async () => {
    expect(await told("Fancyed")).toMatch(/no installed pack has a node type "Fancyed"; did you mean Fancied\?$/);
  });
});
