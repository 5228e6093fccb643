import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { provide, type RunContext, type Shown, services } from "@mezzotint/engine";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFolders } from "../folders/open-folders.js";
import { FOLDERS } from "../folders.js";
import { newTensor } from "../images/allocate.js";
import { readPngText } from "../images/png-text.js";
import { emptyImage, imageBatch, imageFromBatch, imageInvert, repeatImageBatch } from "./images/batches.js";
import { loadImage, loadImageMask } from "./images/load.js";
import { imageScale } from "./images/scale.js";
import { previewAny } from "./preview-any.js";
import { previewImage, saveImage } from "./save-image.js";

let data: string;
let shown: Shown[];
let ctx: RunContext;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "nodes-"));
  shown = [];
  ctx = {
    node: "1",
    signal: new AbortController().signal,
    progress: () => undefined,
    show: (ui) => void shown.push(ui),
    expand: () => Promise.reject(new Error("nodes of this kind do not expand")),
    use: services([provide(FOLDERS, openFolders({ data }))]),
  };
});
afterEach(() => rmSync(data, { recursive: true }));

const picture = (...dims: [number, number, number, number]) => {
  const image = newTensor(...dims);
  image.data.forEach((_, i) => {
    image.data[i] = (i % 256) / 255;
  });
  return image;
};

describe("LoadImage and SaveImage", () => {
  test("what is saved is loaded again, with the workflow in the file", async () => {
    const images = picture(1, 5, 4, 3);
    const prompt = { "1": { class_type: "KSampler", inputs: { seed: 18446744073709551615n, text: "é🎨" } } };
    await saveImage.run(
      { images, filename_prefix: "sub/pic", prompt, extra_pnginfo: { workflow: { nodes: [] } } },
      ctx,
    );
    expect(shown).toEqual([{ images: [{ filename: "pic_00001_.png", subfolder: "sub", type: "output" }] }]);
    const name = "sub/pic_00001_.png [output]";
    expect((await loadImage.run({ image: name }, ctx)) as { IMAGE: unknown }).toHaveProperty("IMAGE", images);
    const texts = readPngText(readFileSync(ctx.use(FOLDERS).input(name)));
    expect(texts.get("workflow")).toBe('{"nodes":[]}');
    expect(texts.get("prompt")).toContain('"seed":18446744073709551615,"text":"\\u00e9\\ud83c\\udfa8"');
  });

  test("a file name that leaves the output folder is refused before anything runs", async () => {
    expect(await saveImage.check?.({ filename_prefix: "a/../../x" }, ctx)).toMatch(/leaves its folder/);
    expect(await saveImage.check?.({ filename_prefix: "%date:yyyy%/x" }, ctx)).toBeUndefined();
    expect(await saveImage.check?.({}, ctx)).toBeUndefined();
  });

  test("a preview goes to the temporary folder", async () => {
    await previewImage.run({ images: picture(2, 2, 2, 3), prompt: undefined, extra_pnginfo: undefined }, ctx);
    const [{ images }] = shown as unknown as [{ images: { filename: string; type: string }[] }];
    expect(images.map(({ type }) => type)).toEqual(["temp", "temp"]);
    expect(images[0]?.filename).toMatch(/^ComfyUI_temp_[a-z]{5}_00001_\.png$/);
  });

  test("check says what is wrong with a name; version follows the contents", async () => {
    expect(await loadImage.check?.({ image: "../x.png" }, ctx)).toMatch(/leaves its folder/);
    expect(await loadImage.check?.({ image: "gone.png" }, ctx)).toMatch(/no input file "gone.png"/);
    expect(await loadImage.check?.({}, ctx)).toBeUndefined();
    const path = join(data, "input", "a.png");
    mkdirSync(join(data, "input"));
    writeFileSync(path, "one");
    const first = await loadImage.version?.({ image: "a.png" }, ctx);
    expect(await loadImage.check?.({ image: "a.png" }, ctx)).toBeUndefined();
    writeFileSync(path, "two");
    const second = await loadImage.version?.({ image: "a.png" }, ctx);
    writeFileSync(path, "one");
    expect(second).not.toBe(first);
    expect(await loadImage.version?.({ image: "a.png" }, ctx)).toBe(first);
    await expect(loadImage.run({ image: "a.png" }, ctx)).rejects.toThrow(/input file "a.png" is not a picture/);
  });
});

describe("LoadImageMask", () => {
  test("gives a channel, or what alpha hides, in the size of the picture", async () => {
    const rgb = picture(1, 3, 5, 3);
    const rgba = { dims: [1, 3, 5, 4], data: Float32Array.from({ length: 60 }, (_, i) => (i % 4 === 3 ? 0.2 : 1)) };
    const saved = { filename_prefix: "m", prompt: undefined, extra_pnginfo: undefined };
    await saveImage.run({ images: rgb, ...saved }, ctx);
    await saveImage.run({ images: rgba, ...saved }, ctx);
    const load = async (n: number, channel: "alpha" | "red" | "green") => {
      const results = await loadImageMask.run({ image: `m_0000${n}_.png [output]`, channel }, ctx);
      return (results as { MASK: typeof rgb }).MASK;
    };
    expect(await load(1, "green")).toEqual({ dims: [1, 3, 5], data: rgb.data.filter((_, i) => i % 3 === 1) });
    expect(await load(1, "alpha")).toEqual(newTensor(1, 3, 5));
    expect((await load(2, "alpha")).data.every((v) => Math.abs(v - 0.8) < 1e-6)).toBe(true);
    expect(await loadImageMask.check?.({ image: "gone.png" }, ctx)).toMatch(/no input file "gone.png"/);
  });
});

describe("image nodes", () => {
  test.each([
    [0, 0, [1, 6, 8, 3]],
    [4, 0, [1, 3, 4, 3]],
    [0, 9, [1, 9, 12, 3]],
    [5, 7, [1, 7, 5, 3]],
  ])("ImageScale to %d × %d", async (width, height, dims) => {
    const inputs = { image: picture(1, 6, 8, 3), upscale_method: "area", width, height, crop: "disabled" } as const;
    expect(await imageScale.run(inputs, ctx)).toMatchObject({ IMAGE: { dims } });
  });

  test("batches join (the second made to fit, alpha filled with 1), repeat and are cut within bounds", async () => {
    const joined = (await imageBatch.run({ image1: picture(1, 2, 2, 4), image2: picture(2, 4, 4, 3) }, ctx)) as {
      IMAGE: ReturnType<typeof picture>;
    };
    expect(joined.IMAGE.dims).toEqual([3, 2, 2, 4]);
    expect(joined.IMAGE.data[19]).toBe(1);
    const cut = await imageFromBatch.run({ image: joined.IMAGE, batch_index: 2, length: 50 }, ctx);
    expect(cut).toEqual({ IMAGE: { dims: [1, 2, 2, 4], data: joined.IMAGE.data.slice(32) } });
    const repeated = await repeatImageBatch.run({ image: picture(2, 1, 1, 1), amount: 3 }, ctx);
    expect(repeated).toMatchObject({
      IMAGE: { dims: [6, 1, 1, 1], data: new Float32Array([0, 1, 0, 1, 0, 1].map((v) => v / 255)) },
    });
    expect(() => repeatImageBatch.run({ image: newTensor(64, 512, 512, 3), amount: 4096 }, ctx)).toThrow(/GiB/);
  });

  test("EmptyImage and ImageInvert", async () => {
    const one = (await emptyImage.run({ width: 2, height: 1, batch_size: 1, color: 0xff8000 }, ctx)) as {
      IMAGE: ReturnType<typeof picture>;
    };
    const orange = [1, Math.fround(128 / 255), 0];
    expect([...one.IMAGE.data]).toEqual([...orange, ...orange]);
    const back = await imageInvert.run({ image: one.IMAGE }, ctx);
    expect(back).toMatchObject({ IMAGE: { dims: [1, 1, 2, 3] } });
  });
});

describe("PreviewAny", () => {
  test.each([
    ["text", "text"],
    [5n, "5"],
    [true, "true"],
    [undefined, "nothing"],
    [{ a: [1, 2n] }, '{\n  "a": [\n    1,\n    "2"\n  ]\n}'],
    [{ dims: [2], data: new Float32Array([0.25, Number.NaN]) }, "tensor [2], 0.25 to 0.25, 1 not a number"],
  ])("a value of case %# in words", async (source, said) => {
    await previewAny.run({ source }, ctx);
    expect(shown).toEqual([{ text: [said] }]);
  });

  test("a cycle and a very long text are no trouble", async () => {
    const cycle: { self?: unknown } = {};
    cycle.self = cycle;
    await previewAny.run({ source: cycle }, ctx);
    await previewAny.run({ source: "x".repeat(1e6) }, ctx);
    expect(shown.map(({ text }) => String(text?.[0]).length < 30_000)).toEqual([true, true]);
  });
});
