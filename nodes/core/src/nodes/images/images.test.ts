import type { RunContext, Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { newTensor } from "../../images/allocate.js";
import { imageCompositeMasked, imagePadForOutpaint, imageStitch } from "./compose.js";
import { cannyEdges, imageBlend, imageBlur } from "./filter.js";
import { imageScaleBy, imageScaleToMaxDimension, imageScaleToTotalPixels, resizeAndPadImage } from "./scale.js";
import { imageCrop, imageFlip, imageRotate } from "./transform.js";

const ctx = { signal: new AbortController().signal } as RunContext;
const imageOf = async (results: unknown): Promise<Tensor> => ((await results) as { IMAGE: Tensor }).IMAGE;

const noise = (...dims: number[]): Tensor => {
  const image = newTensor(...dims);
  image.data.forEach((_, i) => {
    image.data[i] = ((i * 7919) % 997) / 997;
  });
  return image;
};

const plain = (value: number, ...dims: number[]): Tensor => {
  const image = newTensor(...dims);
  image.data.fill(value);
  return image;
};

describe.each([3, 4, 1])("pictures of %d channels", (channels) => {
  const image = noise(2, 5, 7, channels);

  test("flipped twice are as before, and turned four times", async () => {
    const flip = (flip_method: "x-axis: vertically" | "y-axis: horizontally") => (of: Tensor) =>
      imageOf(imageFlip.run({ image: of, flip_method }, ctx));
    const turn = (rotation: "90 degrees" | "180 degrees" | "270 degrees") => (of: Tensor) =>
      imageOf(imageRotate.run({ image: of, rotation }, ctx));
    const [across, down] = [flip("y-axis: horizontally"), flip("x-axis: vertically")];
    const [quarter, half, back] = [turn("90 degrees"), turn("180 degrees"), turn("270 degrees")];
    const turned = await quarter(image);
    expect(await across(await across(image))).toEqual(image);
    expect(await down(await down(image))).toEqual(image);
    expect(turned.dims).toEqual([2, 7, 5, channels]);
    expect(await quarter(turned)).toEqual(await half(image));
    expect(await back(turned)).toEqual(image);
    expect(await half(image)).toEqual(await across(await down(image)));
    // Clockwise: what was at the lower left is now at the upper left.
    expect(turned.data.slice(0, channels)).toEqual(image.data.slice(4 * 7 * channels, (4 * 7 + 1) * channels));
  });

  test("cut out are inside, and stitched together whole again", async () => {
    const crop = (x: number, y: number, width: number, height: number) =>
      imageOf(imageCrop.run({ image, x, y, width, height }, ctx));
    expect(await crop(0, 0, 9999, 9999)).toEqual(image);
    expect((await crop(9999, 9999, 5, 5)).dims).toEqual([2, 1, 1, channels]);
    const how = { match_image_size: false, spacing_width: 0, spacing_color: "white" } as const;
    const sides = { image1: await crop(0, 0, 3, 5), image2: await crop(3, 0, 4, 5) };
    expect(await imageOf(imageStitch.run({ ...sides, direction: "right", ...how }, ctx))).toEqual(image);
    const rows = { image1: await crop(0, 2, 7, 3), image2: await crop(0, 0, 7, 2) };
    expect(await imageOf(imageStitch.run({ ...rows, direction: "up", ...how }, ctx))).toEqual(image);
  });

  test("composed with a mask of 0 are untouched bit for bit, with 1 replaced", async () => {
    const source = noise(1, 3, 2, channels).data.map((v) => 1 - v / 3);
    const over = { dims: [1, 3, 2, channels], data: source };
    const at = { x: 5, y: 3, resize_source: false };
    const compose = (mask: Tensor | undefined) =>
      imageOf(imageCompositeMasked.run({ destination: image, source: over, mask, ...at }, ctx));
    const whole = await compose(undefined);
    expect(await compose(plain(0, 1, 4, 9))).toEqual(image);
    expect(await compose(plain(1, 2, 2))).toEqual(whole);
    const replaced = await imageOf(imageCrop.run({ image: whole, x: 5, y: 3, width: 2, height: 2 }, ctx));
    const want = await imageOf(imageCrop.run({ image: over, x: 0, y: 0, width: 2, height: 2 }, ctx));
    expect(replaced.data).toEqual(Float32Array.of(...want.data, ...want.data));
    const outside = { destination: image, source: over, x: 7, y: 16384, resize_source: false, mask: undefined };
    expect(await imageOf(imageCompositeMasked.run(outside, ctx))).toEqual(image);
  });

  test("blended by 0 stay, by 1 become the other, and a difference with itself is black", async () => {
    const other = noise(2, 5, 7, channels).data.toReversed();
    const second = { dims: image.dims, data: other };
    const blend = (image2: Tensor, blend_factor: number, blend_mode: "normal" | "difference") =>
      imageOf(imageBlend.run({ image1: image, image2, blend_factor, blend_mode }, ctx));
    expect(await blend(second, 0, "normal")).toEqual(image);
    expect(await blend(second, 1, "normal")).toEqual(second);
    expect((await blend(image, 1, "difference")).data.every((v) => v === 0)).toBe(true);
  });
});

test("the shorter of two blended batches is repeated", async () => {
  const [image1, image2] = [plain(1, 1, 2, 3, 3), noise(3, 2, 3, 3)];
  const how = { blend_factor: 1, blend_mode: "multiply" } as const;
  expect(await imageOf(imageBlend.run({ image1, image2, ...how }, ctx))).toEqual(image2);
  expect(await imageOf(imageBlend.run({ image1: image2, image2: image1, ...how }, ctx))).toEqual(image2);
});

test("what links bring and no widget would is an error that says so", async () => {
  const [image, mask] = [noise(1, 4, 4, 3), undefined];
  expect(() => imageCrop.run({ image, x: -1, y: 0, width: 2, height: 2 }, ctx)).toThrow(
    /0 or more; this one is at -1, 0/,
  );
  expect(() => imageCrop.run({ image, x: 0, y: 0, width: -2, height: 2 }, ctx)).toThrow(/extents are whole numbers/);
  const at = { destination: image, source: image, mask, x: 0, y: -3, resize_source: false };
  await expect(imageCompositeMasked.run(at, ctx)).rejects.toThrow(/this one is at 0, -3/);
  const sides = { left: -1, top: 0, right: 9, bottom: 0, feathering: 0 };
  expect(() => imagePadForOutpaint.run({ image, ...sides }, ctx)).toThrow(/this one is at -1, 0/);
});

test("an aborted run ends inside a filter", async () => {
  const abort = new AbortController();
  const running = imageBlur.run(
    { image: noise(1, 1024, 512, 3), blur_radius: 31, sigma: 1 },
    { ...ctx, signal: abort.signal },
  );
  abort.abort(new Error("enough"));
  await expect(running).rejects.toThrow("enough");
});

describe("sizes", () => {
  const image = noise(1, 30, 40, 3);
  const method = { upscale_method: "bilinear" } as const;

  test.each([
    ["by 0.5", () => imageScaleBy.run({ image, ...method, scale_by: 0.5 }, ctx), [15, 20]],
    ["by 0.01: at least a pixel", () => imageScaleBy.run({ image, ...method, scale_by: 0.01 }, ctx), [1, 1]],
    ["to 0.01 megapixels", () => imageScaleToTotalPixels.run({ image, ...method, megapixels: 0.01 }, ctx), [89, 118]],
    ["to 8 at most", () => imageScaleToMaxDimension.run({ image, ...method, largest_size: 8 }, ctx), [6, 8]],
  ])("%s", async (_, run, [height, width]) => {
    expect((await imageOf(run())).dims).toEqual([1, height, width, 3]);
  });

  test("a largest side of 0 is an error", async () => {
    await expect(imageScaleToMaxDimension.run({ image, ...method, largest_size: 0 }, ctx)).rejects.toThrow(
      /at least one pixel/,
    );
  });

  test("what does not fit is padded on both sides", async () => {
    const size = { target_width: 40, target_height: 34 };
    const inputs = { image, ...size, padding_color: "black", interpolation: "nearest-exact" } as const;
    const { data } = await imageOf(resizeAndPadImage.run(inputs, ctx));
    expect(data.slice(0, 240).every((v) => v === 0)).toBe(true);
    expect(data.slice(240, 240 + image.data.length)).toEqual(image.data);
    expect(data.slice(-240).every((v) => v === 0)).toBe(true);
  });
});

describe("margins", () => {
  test("keep the picture, are grey and masked, and fade inwards on their sides only", async () => {
    const image = noise(2, 20, 20, 4);
    const sides = { left: 8, top: 0, right: 0, bottom: 3 };
    const { IMAGE, MASK } = imagePadForOutpaint.run({ image, ...sides, feathering: 4 }, ctx) as {
      IMAGE: Tensor;
      MASK: Tensor;
    };
    expect(await imageOf(imageCrop.run({ image: IMAGE, x: 8, y: 0, width: 20, height: 20 }, ctx))).toEqual(image);
    expect(IMAGE.data.slice(0, 8 * 4).every((v) => v === 0.5)).toBe(true);
    expect(MASK.dims).toEqual([1, 23, 28]);
    expect([...MASK.data.slice(0, 28)]).toEqual([...Array(8).fill(1), 1, 0.5625, 0.25, 0.0625, ...Array(16).fill(0)]);
    expect(MASK.data.slice(-3 * 28).every((v) => v === 1)).toBe(true);
  });
});

describe("stitching", () => {
  const direction = "right" as const;

  test("without a second picture leaves the first", async () => {
    const image1 = noise(1, 2, 2, 3);
    const how = {
      direction,
      match_image_size: true,
      spacing_width: 0,
      spacing_color: "white",
      image2: undefined,
    } as const;
    expect(await imageOf(imageStitch.run({ image1, ...how }, ctx))).toBe(image1);
  });

  test("repeats the last of the shorter batch, fills missing alpha, and makes the gap even and opaque", async () => {
    const [image1, image2] = [plain(0.25, 3, 2, 1, 4), plain(0.75, 1, 2, 1, 3)];
    const how = { direction, match_image_size: false, spacing_width: 1, spacing_color: "red" } as const;
    const { dims, data } = await imageOf(imageStitch.run({ image1, image2, ...how }, ctx));
    expect(dims).toEqual([3, 2, 4, 4]);
    const row = [0.25, 0.25, 0.25, 0.25, 1, 0, 0, 1, 1, 0, 0, 1, 0.75, 0.75, 0.75, 1];
    expect([...data]).toEqual(Array.from({ length: 6 }, () => row).flat());
  });
});

test("Canny's bounds must be in order, known before or only when it runs", async () => {
  const bounds = { low_threshold: 0.5, high_threshold: 0.4 };
  expect(await cannyEdges.check?.(bounds, { use: ctx.use })).toMatch(/low_threshold is 0.5, above/);
  expect(await cannyEdges.check?.({ low_threshold: 0.5 }, { use: ctx.use })).toBeUndefined();
  await expect(cannyEdges.run({ image: noise(1, 3, 3, 3), ...bounds }, ctx)).rejects.toThrow(/above high_threshold/);
});
