import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newTensor } from "./allocate.js";
import { decodeImage } from "./decode.js";
import { expandPrefix } from "./file-names.js";
import { readPngText } from "./png-text.js";
import { type SaveOptions, saveImages } from "./save.js";

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "save-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const NOW = new Date(2026, 8, 5, 7, 3, 9);
const options = (more: Partial<SaveOptions> = {}): SaveOptions => ({
  root: join(root, "output"),
  prefix: "ComfyUI",
  compression: 1,
  texts: [],
  now: NOW,
  signal: new AbortController().signal,
  ...more,
});
const picture = (batch = 1, value = 0.5) => {
  const image = newTensor(batch, 2, 3, 3);
  image.data.fill(value);
  return image;
};
const names = (folder = join(root, "output")): string[] => readdirSync(folder).sort();

describe("saving", () => {
  test("numbers go on after the highest there is, of this prefix alone", async () => {
    mkdirSync(join(root, "output"));
    for (const name of [
      "ComfyUI_00007_.png",
      "ComfyUI_x.png",
      "ComfyUI2_00100_.png",
      "ComfyUI_99999999999999999999_.png",
    ])
      writeFileSync(join(root, "output", name), "");
    expect(await saveImages(picture(2), options())).toEqual([
      { filename: "ComfyUI_00008_.png", subfolder: "" },
      { filename: "ComfyUI_00009_.png", subfolder: "" },
    ]);
  });

  test("values are clamped and cut to 8 bits; texts are inside", async () => {
    const image = { dims: [1, 1, 6, 1], data: new Float32Array([-1, 0.999, 1, 2, Number.POSITIVE_INFINITY, 0.5]) };
    const [saved] = await saveImages(image, options({ texts: [["prompt", "{}"]] }));
    const path = join(root, "output", saved?.filename as string);
    const { data } = (await decodeImage(path)).image;
    expect([0, 3, 6, 9, 12, 15].map((i) => Math.round((data[i] as number) * 255))).toEqual([
      0, 254, 255, 255, 255, 127,
    ]);
    expect(readPngText(readFileSync(path)).get("prompt")).toBe("{}");
  });

  // Writers share nothing but the folder: what keeps names apart here is what keeps two processes apart.
  test("many at once get names of their own, without gaps", async () => {
    const saves = await Promise.all(Array.from({ length: 24 }, () => saveImages(picture(), options())));
    const given = saves.map(([saved]) => saved?.filename).sort();
    expect(given).toEqual(Array.from({ length: 24 }, (_, i) => `ComfyUI_${String(i + 1).padStart(5, "0")}_.png`));
    expect(names()).toEqual(given);
  });

  test("a failure leaves no file, whole or partial", async () => {
    await expect(saveImages(picture(1, Number.NaN), options())).rejects.toThrow(
      /picture 1 of 1 is not a number \(NaN\) at x 0, y 0/,
    );
    expect(existsSync(join(root, "output"))).toBe(false);
    mkdirSync(join(root, "output"));
    await expect(saveImages(picture(), options({ prefix: "x".repeat(300) }))).rejects.toThrow();
    expect(names()).toEqual([]);
  });

  test("a cancelled batch keeps whole pictures only", async () => {
    const cancel = new AbortController();
    const progress = (done: number): void => (done === 2 ? cancel.abort() : undefined);
    await expect(saveImages(picture(5), options({ signal: cancel.signal, progress }))).rejects.toThrow(/abort/i);
    expect(names()).toEqual(["ComfyUI_00001_.png", "ComfyUI_00002_.png"]);
  });

  test("prefixes may name folders, of either system, and the number in the batch", async () => {
    expect(await saveImages(picture(2), options({ prefix: "a\\b/pic_%batch_num%" }))).toEqual([
      { filename: "pic_0_00001_.png", subfolder: "a/b" },
      { filename: "pic_1_00001_.png", subfolder: "a/b" },
    ]);
  });

  test.each(["../x", "a/../../x", "/tmp/x", "..\\x", "C:\\x", "a\0b", ""])(
    "the prefix %j is refused",
    async (prefix) => {
      await expect(saveImages(picture(), options({ prefix }))).rejects.toThrow(/leaves|absolute|control|empty/);
      expect(readdirSync(root)).toEqual([]);
    },
  );

  test("a link out of the output folder is refused", async () => {
    mkdirSync(join(root, "output"));
    mkdirSync(join(root, "elsewhere"));
    symlinkSync(join(root, "elsewhere"), join(root, "output", "out"));
    for (const prefix of ["out/x", "out/new/x"])
      await expect(saveImages(picture(), options({ prefix }))).rejects.toThrow(/leads out of/);
    expect(readdirSync(join(root, "elsewhere"))).toEqual([]);
  });
});

describe("placeholders", () => {
  const prompt = {
    "3": { class_type: "KSampler", inputs: { seed: 2n ** 63n, steps: 20, model: ["1", 0] } },
    "6": { class_type: "CLIPTextEncode", inputs: { text: "../a cat: 50%" }, _meta: { title: "My Prompt" } },
  };
  test.each([
    ["%width%x%height%", "64x32"],
    ["%year%-%month%-%day% %hour%.%minute%.%second%", "2026-09-05 07.03.09"],
    ["%date:yyyy-MM-dd%/%date:yy.M.d hh-mm-ss%", "2026-09-05/26.9.5 07-03-09"],
    ["100%_%width%", "100%_64"],
    ["%KSampler.seed%", "9223372036854775808"],
    ["%k sampler.Seed%_%my prompt.text%", "9223372036854775808_.._a cat_ 50_"],
    [
      "%batch_num% %nothing% %KSampler.model% %KSampler.gone%",
      "%batch_num% %nothing% %KSampler.model% %KSampler.gone%",
    ],
  ])("%j becomes %j", (prefix, expanded) => {
    expect(expandPrefix(prefix, { width: 64, height: 32, now: NOW, prompt })).toBe(expanded);
  });
});
