import { beforeAll, describe, expect, test } from "vitest";
import { difference, random, testHost } from "../../test/host.js";
import { tinyVaeShapes } from "../../test/network-shapes.js";
import { originalTiny } from "../../test/original-names.js";
import { randomWeights, type Values, writeWeights } from "../../test/random-weights.js";
import { openCheckpoint } from "./checkpoint.js";
import { decodeLatents, encodeImages } from "./code-image.js";
import type { Vae } from "./descriptions.js";
import { unreadKeys } from "./sessions.js";
import { openTinyVae } from "./taesd-files.js";

const { inference, path } = testHost();
const weights = randomWeights(tinyVaeShapes(8));
const half = (side: string) =>
  [...weights].filter(([key]) => key.startsWith(side)).map(([key, value]) => [originalTiny(key), value] as const);
const files = () => ["encoder", "decoder"].map((side) => path("vae_approx", `taesd_${side}.safetensors`));
const pictures = { dims: [1, 12, 8, 3], data: random([1, 12, 8, 3], 2).data.map((x) => (x + 1) / 2) };
const latents = random([2, 4, 3, 5], 3);

let original: Vae;
beforeAll(async () => {
  for (const [i, side] of ["encoder", "decoder"].entries()) await writeWeights(files()[i]!, half(side));
  await writeWeights(path("vae", "tiny.safetensors"), weights);
  await writeWeights(path("vae", "tinyxl", "taesdxl.safetensors"), weights);
  original = await openTinyVae(files(), "taesd");
});

const lone = async (...name: string[]): Promise<Vae> => (await openCheckpoint(path(...name))).vae!;

test("the two original files and diffusers' one are the same autoencoder, and every key is read", async () => {
  const vae = await lone("vae", "tiny.safetensors");
  expect(vae).toMatchObject({ architecture: "tiny", latent: { channels: 4, factor: 2, scale: 0.18215 }, width: 8 });
  expect(original).toMatchObject({ architecture: "tiny", weights: { layout: "taesd" }, latent: vae.latent });
  for (const one of [vae, original])
    expect(await unreadKeys({ path: "", vae: one, ignored: [], unknown: [] })).toEqual([]);
  const [a, b] = await Promise.all([vae, original].map((one) => encodeImages(inference(), one, pictures)));
  expect(a!.mean.dims).toEqual([1, 4, 6, 4]);
  expect(a!.logvar).toBeUndefined();
  expect(difference(a!.mean, b!.mean)).toBe(0);
  const [x, y] = await Promise.all([vae, original].map((one) => decodeLatents(inference(), one, latents)));
  expect(x!.dims).toEqual([2, 6, 10, 3]);
  expect(difference(x!, y!)).toBe(0);
});

test("both halves in one file, as ComfyUI writes it, are found too", async () => {
  const named = ["encoder", "decoder"].flatMap((side) =>
    half(side).map(([key, value]): [string, Values] => [`taesd_${side}.${key}`, value]),
  );
  await writeWeights(path("both.safetensors"), named);
  const checkpoint = await openCheckpoint(path("both.safetensors"));
  expect(checkpoint.unknown).toEqual([]);
  expect(
    difference(
      await decodeLatents(inference(), checkpoint.vae!, latents),
      await decodeLatents(inference(), original, latents),
    ),
  ).toBe(0);
});

test("it knows the UNet's scaled latents: the same ones, stored for another family, decode to the same picture", async () => {
  const xl = await lone("vae", "tinyxl", "taesdxl.safetensors");
  expect(xl.latent.scale).toBe(0.13025);
  const stored = { dims: latents.dims, data: latents.data.map((x) => (x * 0.18215) / 0.13025) };
  expect(
    difference(await decodeLatents(inference(), xl, stored), await decodeLatents(inference(), original, latents)),
  ).toBeLessThan(1e-5);
  const [a, b] = await Promise.all([xl, original].map((one) => encodeImages(inference(), one, pictures)));
  const same = { dims: b!.mean.dims, data: b!.mean.data.map((x) => (x * 0.18215) / 0.13025) };
  expect(difference(a!.mean, same)).toBeLessThan(1e-5);
});

test("a shift is taken off before scaling, and put back after", async () => {
  const shifted = { ...original, latent: { ...original.latent, shift: 0.5 } };
  const moved = { dims: latents.dims, data: latents.data.map((x) => x + 0.5) };
  expect(
    difference(await decodeLatents(inference(), shifted, moved), await decodeLatents(inference(), original, latents)),
  ).toBeLessThan(1e-5);
});

describe("half of one", () => {
  test("decodes, and says what is missing when it should encode", async () => {
    const vae = await openTinyVae(files().slice(1), "taesd");
    expect((await decodeLatents(inference(), vae, latents)).dims).toEqual([2, 6, 10, 3]);
    await expect(encodeImages(inference(), vae, pictures)).rejects.toThrow(/taesd_decoder.*encoder\.layers/);
  });

  test("that does not end with a convolution is refused", async () => {
    const cut = half("decoder").filter(([key]) => !key.startsWith("7."));
    await writeWeights(path("cut.safetensors"), cut);
    await expect(openCheckpoint(path("cut.safetensors"))).rejects.toThrow(/cut\.safetensors: .*start and end/);
  });
});

test("a file of something else is not a tiny autoencoder", async () => {
  await writeWeights(path("other.safetensors"), [["model.0.weight", weights.get("encoder.layers.0.weight")!]]);
  await expect(openTinyVae([path("other.safetensors")], "taesd")).rejects.toThrow(/must be an autoencoder/);
});
