import { provide, type RunContext, services, type Tensor } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { beforeAll, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { vaeShapes } from "../../test/network-shapes.js";
import { randomWeights, writeWeights } from "../../test/random-weights.js";
import { encodeImages, openCheckpoint, type Vae } from "../models/index.js";
import type { Conditioning, Latent } from "../sockets.js";
import { inpaintModelConditioning, setLatentNoiseMask, vaeEncodeForInpaint } from "./inpaint.js";
import { differentialDiffusion, rescaleCfg } from "./model-patches.js";

const { inference, path } = testHost();
let vae: Vae;
let context: RunContext;
beforeAll(async () => {
  await writeWeights(path("vae.safetensors"), randomWeights(vaeShapes([8, 16, 16], 1)));
  vae = (await openCheckpoint(path("vae.safetensors"), { vae: { groups: 4 } })).vae!;
  context = {
    node: "1",
    signal: new AbortController().signal,
    progress: () => {},
    show: () => {},
    expand: () => Promise.reject(new Error("these nodes do not expand")),
    use: services([provide(INFERENCE, inference())]),
  };
});

const pixels = { dims: [1, 8, 12, 3], data: random([1, 8, 12, 3], 5).data.map((value) => (value + 1) / 2) };
const right = { dims: [1, 8, 12], data: Float32Array.from({ length: 96 }, (_, i) => (i % 12 < 6 ? 0 : 0.7)) };
const half = pixels.data.map((value, i) => (Math.floor(i / 3) % 12 < 6 ? value : 0.5));
const encoded = async (picture: Tensor) => (await encodeImages(inference(), vae, picture)).mean;

test("a picture for inpainting is encoded without what is masked; the mask grows and is all or nothing", async () => {
  const { LATENT } = (await vaeEncodeForInpaint.run({ pixels, vae, mask: right, grow_mask_by: 3 }, context)) as {
    LATENT: Latent;
  };
  expect(difference(LATENT.samples, await encoded({ dims: pixels.dims, data: half }))).toBeLessThan(1e-5);
  expect(LATENT.noise_mask?.dims).toEqual([1, 8, 12]);
  expect([...LATENT.noise_mask!.data.subarray(0, 12)]).toEqual([0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1]);
});

test("an inpainting model's conditions get the masked picture, and the latent the whole one", async () => {
  const [positive, negative]: Conditioning[] = [1, 2].map((seed) => [{ tokens: random([1, 3, 6], seed) }]);
  const inputs = { positive: positive!, negative: negative!, vae, pixels, mask: right };
  const made = async (noise_mask: boolean) =>
    (await inpaintModelConditioning.run({ ...inputs, noise_mask }, context)) as {
      positive: Conditioning;
      negative: Conditioning;
      latent: Latent;
    };
  const { positive: shown, negative: other, latent } = await made(true);
  const inpaint = shown[0]!.inpaint!;
  expect(difference(inpaint.latent, await encoded({ dims: pixels.dims, data: half }))).toBeLessThan(1e-5);
  expect(inpaint.mask).toEqual(right);
  expect(other).toEqual([{ ...negative![0], inpaint }]);
  expect(difference(latent.samples, await encoded(pixels))).toBe(0);
  expect(latent.noise_mask).toEqual(right);
  expect((await made(false)).latent).not.toHaveProperty("noise_mask");
});

test("a noise mask is set on latents as it is, and refused when it is none", () => {
  const samples = { samples: random([1, 4, 2, 3], 1), batch_index: [3] };
  const flat = { dims: [8, 12], data: right.data };
  expect(setLatentNoiseMask.run({ samples, mask: flat }, context)).toEqual({
    LATENT: { ...samples, noise_mask: right },
  });
  expect(() => setLatentNoiseMask.run({ samples, mask: { dims: [96], data: right.data } }, context)).toThrow(
    /a mask is \[batch, height, width\]; this one is \[96\]/,
  );
});

test("patches change the model's description and leave the model as it is", () => {
  const model = { kind: "unet", rescaleGuidance: 0.1 } as Parameters<typeof rescaleCfg.run>[0]["model"];
  expect(rescaleCfg.run({ model, multiplier: 0.7 }, context)).toEqual({ MODEL: { ...model, rescaleGuidance: 0.7 } });
  expect(differentialDiffusion.run({ model, strength: undefined }, context)).toEqual({
    MODEL: { ...model, differential: 1 },
  });
  expect(model).toEqual({ kind: "unet", rescaleGuidance: 0.1 });
});
