import type { RunContext, Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { random } from "../../test/host.js";
import type { Latent } from "../sockets.js";
import { latentComposite, latentCompositeMasked } from "./latent-composite.js";

const ctx = {} as RunContext;
const constant = (value: number, ...dims: number[]): Tensor => ({
  dims,
  data: new Float32Array(dims.reduce((a, b) => a * b)).fill(value),
});
const paste = async (to: Tensor, from: Tensor, at: { x?: number; y?: number; feather?: number } = {}) => {
  const inputs = { samples_to: { samples: to }, samples_from: { samples: from }, x: 0, y: 0, feather: 0, ...at };
  return ((await latentComposite.run(inputs, ctx)) as { LATENT: Latent }).LATENT.samples;
};
const pasteMasked = async (
  destination: Latent,
  source: Tensor,
  at: { x?: number; y?: number; resize_source?: boolean; mask?: Tensor } = {},
) => {
  const inputs = { destination, source: { samples: source }, x: 0, y: 0, resize_source: false, mask: undefined, ...at };
  return ((await latentCompositeMasked.run(inputs, ctx)) as { LATENT: Latent }).LATENT;
};
const rowsOf = ({ dims, data }: Tensor, item = 0) => {
  const [, , height = 0, width = 0] = dims;
  const size = data.length / dims[0]!;
  return Array.from({ length: height }, (_, y) => [
    ...data.subarray(item * size + y * width, item * size + (y + 1) * width),
  ]);
};

describe("LatentComposite", () => {
  test("pastes at a place in pixels and cuts off what lies outside", async () => {
    expect(rowsOf(await paste(constant(0, 1, 1, 3, 4), constant(1, 1, 1, 5, 2), { x: 24, y: 8 }))).toEqual([
      [0, 0, 0, 0],
      [0, 0, 0, 1],
      [0, 0, 0, 1],
    ]);
    const to = random([2, 4, 3, 4], 1);
    expect(await paste(to, constant(9, 1, 4, 2, 2), { x: 400 })).toEqual(to);
  });

  test("fades towards edges inside, not towards those at the border", async () => {
    const faded = await paste(constant(0, 1, 1, 1, 8), constant(1, 1, 1, 1, 6), { feather: 24 });
    const [row] = rowsOf(faded);
    const third = Math.fround(1 / 3);
    expect(row!.map((x) => Number(x.toFixed(4)))).toEqual([1, 1, 1, 1, 0.6667, 0.3333, 0, 0]);
    expect(row![5]).toBeCloseTo(third, 6);
  });

  test("a latent that is to be pasted onto is left as it was", async () => {
    const to = constant(0, 1, 1, 2, 2);
    await paste(to, constant(1, 1, 1, 2, 2));
    expect(Math.max(...to.data)).toBe(0);
  });

  test.each([
    ["another number of latents", [2, 4, 2, 2], /2 latents cannot be pasted onto 3/],
    ["another number of channels", [3, 16, 2, 2], /16 channels .* latents of 4/],
  ])("refuses %s", async (_, dims, message) => {
    await expect(paste(constant(0, 3, 4, 4, 4), constant(1, ...dims))).rejects.toThrow(message);
  });
});

describe("LatentCompositeMasked", () => {
  test("the mask decides, whatever its size; the latent's own mask stays", async () => {
    const noise_mask = constant(1, 1, 8, 8);
    const half: Tensor = { dims: [1, 1, 4], data: Float32Array.of(0, 0, 1, 1) };
    const result = await pasteMasked({ samples: constant(0, 1, 1, 2, 4), noise_mask }, constant(2, 1, 1, 2, 4), {
      mask: half,
    });
    expect(rowsOf(result.samples)).toEqual([
      [0, 0, 2, 2],
      [0, 0, 2, 2],
    ]);
    expect(result.noise_mask).toBe(noise_mask);
  });

  test("fewer sources and masks are used again", async () => {
    const sources: Tensor = { dims: [2, 1, 1, 1], data: Float32Array.of(5, 6) };
    const { samples } = await pasteMasked({ samples: constant(0, 3, 1, 1, 2) }, sources, { x: 8 });
    expect([0, 1, 2].map((item) => rowsOf(samples, item)[0])).toEqual([
      [0, 5],
      [0, 6],
      [0, 5],
    ]);
  });

  test("a source is made as large as the destination if asked", async () => {
    const { samples } = await pasteMasked({ samples: constant(0, 1, 1, 3, 5) }, constant(1, 1, 1, 1, 1), {
      resize_source: true,
    });
    expect(Math.min(...samples.data)).toBe(1);
  });
});
