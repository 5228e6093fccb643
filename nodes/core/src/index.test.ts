import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  describe as describePacks,
  isRefused,
  nodesOf,
  type Prompt,
  parseJson,
  plan,
  provide,
  run,
  type Shown,
  services,
  stringifyJson,
} from "@mezzotint/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import pack, { FOLDERS, openFolders, readPictureText } from "./index.js";

describe("the pack", () => {
  test("survives JSON: what planning needs is plain data", () => {
    for (const { inputs, outputs, run, version, check, ...rest } of pack.nodes) {
      expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
      expect(rest.doc).toMatch(/\.$/);
    }
  });

  test("its definitions are plain data", async () => {
    const definitions = [
      ...(await describePacks([pack], services([provide(FOLDERS, openFolders({ data: "/nowhere" }))]))),
    ];
    const text = stringifyJson(definitions);
    expect(stringifyJson(parseJson(text))).toBe(text);
    expect(definitions).toHaveLength(pack.nodes.length);
  });

  test("loading it loads no image library", () => {
    const script =
      "await import('@mezzotint/nodes-core'); const { createRequire } = await import('node:module');" +
      "console.log(Object.keys(createRequire(import.meta.url).cache).filter((name) => /sharp/.test(name)).length)";
    const said = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
    expect(said.trim()).toBe("0");
  });
});

describe("a prompt of core nodes", () => {
  let data: string;
  beforeEach(() => {
    data = mkdtempSync(join(tmpdir(), "core-"));
  });
  afterEach(() => rmSync(data, { recursive: true }));

  async function runPrompt(prompt: Prompt): Promise<Map<string, Shown | undefined>> {
    const use = services([provide(FOLDERS, openFolders({ data }))]);
    const definitions = await describePacks([pack], use);
    const planned = plan(prompt, definitions);
    if (isRefused(planned)) throw new Error(stringifyJson(planned));
    const shown = new Map<string, Shown | undefined>();
    await run(planned, {
      nodes: nodesOf([pack]),
      definitions,
      use,
      prompt,
      extraPngInfo: { workflow: { version: 0.4 } },
      emit: (event) => void (event.type === "finished" && shown.set(event.node, event.shown)),
    });
    return shown;
  }

  test("makes a picture, scales it in a loop, saves every step with its workflow, and loads what was saved", async () => {
    const prompt = {
      empty: { class_type: "EmptyImage", inputs: { width: 8, height: 4, batch_size: 1, color: 0x336699 } },
      start: {
        class_type: "StartLoop",
        inputs: {
          mode: "simple",
          "mode.num_iterations": 3,
          cache_iterations: false,
          initial_iteration_value: ["empty", 0],
        },
      },
      scale: {
        class_type: "ImageScale",
        inputs: { image: ["start", 4], upscale_method: "lanczos", width: 0, height: 9, crop: "disabled" },
      },
      save: { class_type: "SaveImage", inputs: { images: ["scale", 0], filename_prefix: "%EmptyImage.width%/step" } },
      end: {
        class_type: "EndLoop",
        inputs: { output_value: ["scale", 0], next_iteration_value: ["scale", 0], accumulate: false },
      },
      size: { class_type: "GetImageSize", inputs: { image: ["end", 0] } },
      show: { class_type: "PreviewAny", inputs: { source: ["size", 0] } },
    };
    const shown = await runPrompt(prompt);
    expect(shown.get("show")).toEqual({ text: ["18"] });
    const files = [1, 2, 3].map((n) => join(data, "output", "8", `step_0000${n}_.png`));
    for (const file of files) {
      const texts = readPictureText(readFileSync(file));
      expect(JSON.parse(texts.get("prompt") ?? "")).toEqual(prompt);
      expect(texts.get("workflow")).toBe('{"version":0.4}');
    }
    const again = await runPrompt({
      load: { class_type: "LoadImage", inputs: { image: "8\\step_00003_.png [output]" } },
      any: { class_type: "PreviewAny", inputs: { source: ["load", 0] } },
    });
    expect(again.get("any")).toEqual({ text: ["tensor [1, 9, 18, 3], 0.2 to 0.6"] });
  });
});
