import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mezzotint } from "../command.js";

let scratch = "";
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "mezzotint-import-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const put = (path: string, text = ""): string => {
  const file = join(scratch, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
};

const data = () => join(scratch, "data");
const choicesOf = async (node: string, input: string): Promise<readonly string[]> => {
  const { stdout } = await mezzotint(["nodes", node, "--data", data(), "--json"]);
  return JSON.parse(stdout).inputs[input].choices;
};

describe("import", () => {
  test("uses an installation's models, and those its own list names, where they are", async () => {
    put("ComfyUI/models/vae/sub/one.safetensors");
    put("ComfyUI/models/ipadapter/plus.safetensors");
    put("shared/vaes/two.safetensors");
    put(
      "ComfyUI/extra_model_paths.yaml",
      "mine:\n  base_path: ../shared\n  vae: |\n    vaes\n    gone\n  custom_nodes: x\n",
    );
    const { code, stdout } = await mezzotint(["import", join(scratch, "ComfyUI"), "--data", data()]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/2\s+vae/);
    expect(stdout).toMatch(/1\s+ipadapter/);
    expect(await choicesOf("VAELoader", "vae_name")).toEqual(["sub/one.safetensors", "two.safetensors", "pixel_space"]);
    expect(existsSync(join(data(), "models"))).toBe(false);
  });

  test("again changes nothing, and keeps what the user wrote", async () => {
    put("ComfyUI/models/loras/a.safetensors");
    const file = put("data/extra_model_paths.yaml", "# mine\nother:\n  vae: /somewhere # else\n");
    const run = () => mezzotint(["import", join(scratch, "ComfyUI"), "--data", data()]);
    await run();
    const once = readFileSync(file, "utf8");
    expect(once).toContain("# mine\nother:\n  vae: /somewhere # else\n");
    expect(once).toContain(join(scratch, "ComfyUI"));
    await run();
    expect(readFileSync(file, "utf8")).toBe(once);
  });

  test("knows the portable build and the web UI; says what it looked for in anything else", async () => {
    put("portable/ComfyUI/models/vae/p.safetensors");
    put("webui/models/Stable-diffusion/sd.safetensors");
    expect((await mezzotint(["import", join(scratch, "portable"), "--data", data()])).code).toBe(0);
    expect((await mezzotint(["import", join(scratch, "webui"), "--data", data()])).stdout).toMatch(/1\s+checkpoints/);
    put("pictures/a.png");
    const refused = await mezzotint(["import", join(scratch, "pictures"), "--data", data()]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("neither models/");
  });
});

describe("--model-paths", () => {
  test("adds folders for one command; a broken file is named", async () => {
    put("extra/vae/three.safetensors");
    const list = put("paths.yaml", "a:\n  base_path: extra\n  vae: vae\n");
    const workflow = put(
      "w.json",
      JSON.stringify({
        1: { class_type: "VAELoader", inputs: { vae_name: "vae\\none.safetensors" } },
        2: { class_type: "PreviewAny", inputs: { source: ["1", 0] } },
      }),
    );
    const missing = await mezzotint(["validate", workflow, "--data", data(), "--model-paths", list]);
    expect(missing.stderr).toContain("three.safetensors");
    const broken = put("broken.yaml", "a: [");
    const refused = await mezzotint(["validate", workflow, "--data", data(), "--model-paths", broken]);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("broken.yaml");
  });
});
