import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
// @boundaries-ignore the makers of random weights live beside the models that they are for
import { unetShapes } from "../../nodes/diffusion/test/network-shapes.js";
// @boundaries-ignore as above
import { randomWeights, writeWeights } from "../../nodes/diffusion/test/random-weights.js";
import { mezzotint, root } from "../command.js";

/** A data folder with one checkpoint: a UNet built as Stable Diffusion XL's is, and narrow. */
let folder: string;
const checkpoint = () => join(folder, "models/checkpoints/xl.safetensors");
const reason = "xl.safetensors is Stable Diffusion XL; Mezzotint samples Stable Diffusion 1.x and 2.x so far";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mezzotint-test-"));
  const channels = [64, 64, 64];
  const plan = { channels, depth: [0, 1, 1], layers: 1, context: 16, linear: true, vector: 20 };
  await writeWeights(checkpoint(), randomWeights(unetShapes(plan)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.each([[["validate"]], [["run", "--dry-run"]], [["run"]]])(
  "%j refuses a workflow that loads it, naming the node, and compiles nothing",
  async (command) => {
    const workflow = join(folder, "workflow.json");
    const text = readFileSync(join(root, "workflows/text-to-image.json"), "utf8");
    writeFileSync(workflow, text.replace('"mezzotint-emoji"', '"xl.safetensors"'));
    const refused = await mezzotint([...command, workflow, "--data", folder]);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("CheckpointLoaderSimple");
    expect(refused.stderr).toContain(reason);
    expect(existsSync(join(folder, "cache/compiled"))).toBe(false);
  },
);

test("inspect ends with the reason", async () => {
  const { code, stdout } = await mezzotint(["inspect", checkpoint()]);
  expect(code).toBe(0);
  expect(stdout).toMatch(/every key is read\n.*\n$/);
  expect(stdout.trimEnd().split("\n").at(-1)).toBe(reason);
});

test("inspect ends with the verdict on one that can be sampled", async () => {
  const { stdout } = await mezzotint(["inspect", join(root, "models/emoji/model")]);
  expect(stdout).toMatch(/\ncan be sampled\n$/);
});

test("doctor counts what can be sampled, says why the others cannot, and on what is computed", async () => {
  const { code, stdout } = await mezzotint(["doctor", "--data", folder]);
  expect(code).toBe(0);
  expect(stdout).toContain(`1 of 2 can be sampled; ${reason}`);
  expect(stdout).toMatch(/computes on: CPU/);
});
