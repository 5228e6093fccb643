import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mezzotint, sharedData, temporaryFolder } from "../command.js";

/** Validates a workflow; options come after the file. */
function validate(workflow: object, ...options: string[]) {
  const file = join(temporaryFolder(), "workflow.json");
  writeFileSync(file, JSON.stringify(workflow));
  return mezzotint(["validate", file, "--data", sharedData, ...options]);
}

const picture = (text = "a fox", ckpt_name = "mezzotint-emoji") => ({
  "4": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name } },
  "5": { class_type: "EmptyLatentImage", inputs: { width: 64, height: 64, batch_size: 1 } },
  "6": { class_type: "CLIPTextEncode", inputs: { text, clip: ["4", 1] } },
  "7": {
    class_type: "KSampler",
    inputs: {
      ...{ model: ["4", 0], positive: ["6", 0], negative: ["6", 0], latent_image: ["5", 0] },
      ...{ seed: 1, steps: 1, cfg: 1, sampler_name: "euler", scheduler: "normal", denoise: 1 },
    },
  },
  "8": { class_type: "VAEDecode", inputs: { samples: ["7", 0], vae: ["4", 2] } },
  "9": { class_type: "PreviewImage", inputs: { images: ["8", 0] } },
});

const saved = (...nodes: object[]) => ({ nodes, links: [], version: 0.4 });

describe("what to do next", () => {
  test("a missing model: where it would be found, and the ways around it, once", async () => {
    const { "4": loader, ...rest } = picture("a fox", "sd_xl_base_1.0.safetensors");
    const other = { class_type: "VAEDecode", inputs: { samples: ["7", 0], vae: ["40", 2] } };
    const more = { "40": loader, "80": other, "90": { class_type: "PreviewImage", inputs: { images: ["80", 0] } } };
    const { code, stderr } = await validate({ "4": loader, ...rest, ...more });
    expect(code).toBe(2);
    expect(stderr.match(/"sd_xl_base_1\.0\.safetensors" is not one of/g)).toHaveLength(2);
    expect(stderr.split("mezzotint import DIR")).toHaveLength(2);
    expect(stderr).toContain(`checkpoints in ${join(sharedData, "models/checkpoints")}`);
    expect(stderr).toContain("--set 4.ckpt_name=…");
  });

  test("a wrong choice that is no file: no word of files", async () => {
    const { stderr } = await validate(picture(), "--set", "7.sampler_name=eulr");
    expect(stderr).toContain("did you mean");
    expect(stderr).not.toContain("mezzotint import");
  });

  test("a node of ComfyUI's or of a pack that the file names is told of once, with where it comes from", async () => {
    const properties = { cnr_id: "fancy-pack" };
    const { code, stderr } = await validate(saved({ id: 1, type: "Fancy", properties }, { id: 2, type: "LoraLoader" }));
    expect(code).toBe(2);
    expect(stderr.match(/fancy-pack/g)).toHaveLength(1);
    expect(stderr).toContain("LoraLoader is a node of ComfyUI");
    expect(stderr).not.toMatch(/did you mean|its class is unknown/);
  });
});

describe("texts with choices", () => {
  test("of a saved workflow: what was chosen", async () => {
    const encoder = {
      id: 1,
      type: "CLIPTextEncode",
      widgets_values: [`a {red|green} key${", very sharp".repeat(40)}`],
    };
    const { stderr } = await validate(saved(encoder));
    const note = /note: CLIPTextEncode .*\(node 1\), input text: the text chosen is "(a (?:red|green) key.*…)"/.exec(
      stderr,
    );
    expect(note?.[1]).toHaveLength(201);
    expect((await validate(saved(encoder), "--no-dynamic-prompts")).stderr).not.toContain("note:");
  });

  test("of a prompt in API form, or of --set: taken as they are", async () => {
    const note = /note: CLIPTextEncode \(node 6\), input text: \{red\|green\} is taken literally/;
    expect(await validate(picture("a {red|green} key"))).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(note),
    });
    const set = ["--set", "6.text=a {red|green} key"];
    expect(await validate(picture(), ...set)).toMatchObject({ code: 0, stderr: expect.stringMatching(note) });
    expect(await validate(picture("a {red} \\{red|green\\} key"))).toMatchObject({ code: 0, stderr: "" });
  });
});
