import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const prompt = JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));
const inputs = {
  prompt: { node: "Positive prompt", input: "text", required: true },
  width: { to: "4.width", default: 64, max: 128 },
};

/** What a workflow's inputs are after `--set`: its pictures would hold them. */
async function dry(file: object, ...sets: readonly string[]) {
  const path = join(temporaryFolder(), "workflow.json");
  writeFileSync(path, JSON.stringify(file));
  const args = sets.flatMap((set) => ["--set", set]);
  return mezzotint(["validate", path, "--data", sharedData, ...args]);
}

test.each([
  ["beside the nodes of a prompt", { ...prompt, inputs }],
  ["beside a prompt", { prompt, inputs }],
])("--set takes the names that a file declares %s", async (_, file) => {
  expect(await dry(file, "prompt=a cat", "width=96", "Negative prompt=blur")).toMatchObject({ code: 0 });
  const { code, stderr } = await dry(file, "width=256");
  expect(code).toBe(2);
  expect(stderr).toMatch(/--set width: 256 is more than 128/);
  expect(stderr).toMatch(/--set prompt: it is required/);
});

test("a saved workflow declares its names at its root, or where editors keep what they do not know", async () => {
  const saved = JSON.parse(readFileSync(join(root, "workflows/saved/one-seed-two-prompts.json"), "utf8"));
  const block = { seed: { to: "Nobody.seed" } };
  for (const file of [
    { ...saved, inputs: block },
    { ...saved, extra: { ...saved.extra, mezzotint: { inputs: block } } },
  ])
    expect((await dry(file, "seed=5")).stderr).toMatch(/declares "seed" wrongly: no node has the id, title or type/);
});
