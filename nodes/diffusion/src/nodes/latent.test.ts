import { type RunContext, services } from "@mezzotint/engine";
import { expect, test } from "vitest";
import { random } from "../../test/host.js";
import { emptyLatentImage, latentUpscale, latentUpscaleBy } from "./latent.js";

const context: RunContext = {
  node: "1",
  signal: new AbortController().signal,
  progress: () => {},
  show: () => {},
  expand: () => Promise.reject(new Error("these nodes do not expand")),
  use: services([]),
};
type Upscale = Parameters<typeof latentUpscale.run>[0];
const upscaled = async (inputs: Partial<Upscale>) => {
  const samples = { samples: random([2, 4, 6, 10], 1), batch_index: [3, 4] };
  const all = {
    samples,
    upscale_method: "bilinear" as const,
    width: 0,
    height: 0,
    crop: "disabled" as const,
    ...inputs,
  };
  return { before: samples, after: ((await latentUpscale.run(all, context)) as { LATENT: typeof samples }).LATENT };
};

test("an empty latent has a cell for every eight pixels", async () => {
  const made = await emptyLatentImage.run({ width: 520, height: 128, batch_size: 3 }, context);
  expect(made).toMatchObject({ LATENT: { samples: { dims: [3, 4, 16, 65] } } });
});

test("more latents than memory are refused before they are made", () => {
  expect(() => emptyLatentImage.run({ width: 16_384, height: 16_384, batch_size: 4096 }, context)).toThrow(
    /256\.0 GiB/,
  );
});

test.each([
  [160, 96, [2, 4, 12, 20]],
  [160, 0, [2, 4, 12, 20]],
  [0, 96, [2, 4, 12, 20]],
  [8, 8, [2, 4, 8, 8]],
])("to %d × %d pixels, where 0 follows from the other and 64 is the least", async (width, height, dims) => {
  const { after } = await upscaled({ width, height });
  expect(after.samples.dims).toEqual(dims);
  expect(after.batch_index).toEqual([3, 4]);
});

test("to no size leaves the latents as they are", async () => {
  const { before, after } = await upscaled({});
  expect(after).toBe(before);
});

const upscaledBy = async (dims: readonly number[], scale_by: number) => {
  const samples = { samples: random(dims, 2), batch_index: [5] };
  return (await latentUpscaleBy.run({ samples, upscale_method: "bislerp", scale_by }, context)) as {
    LATENT: typeof samples;
  };
};

test.each([
  [1.5, [1, 4, 9, 15]],
  // Halves go to the even neighbour: 6 · 0.25 = 1.5 and 10 · 0.25 = 2.5.
  [0.25, [1, 4, 2, 2]],
  [1, [1, 4, 6, 10]],
])("by %d, rounded as Python does; the rest of the latent stays", async (scale, dims) => {
  const { LATENT } = await upscaledBy([1, 4, 6, 10], scale);
  expect(LATENT.samples.dims).toEqual(dims);
  expect(LATENT.batch_index).toEqual([5]);
});

test("by so little that nothing is left is refused", async () => {
  await expect(upscaledBy([1, 4, 6, 10], 0.01)).rejects.toThrow(/10×6 cells times 0.01 have no cell left/);
});
