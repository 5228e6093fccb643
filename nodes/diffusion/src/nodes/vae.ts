import { defineNode, int, link } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { IMAGE } from "@mezzotint/nodes-core";
import { decodeLatents, encodeImages } from "../models/index.js";
import { LATENT, VAE } from "../sockets.js";

const samples = link(LATENT, { tooltip: "The latents to be decoded." });
const vae = link(VAE, { tooltip: "The autoencoder between pictures and latents." });

/** How tiles are cut. The class has `step` as its own for each way; the temporal ones are for autoencoders of videos. */
const tiling = (step: number) => ({
  tile_size: int({ default: 512, min: 64, max: 4096, step, tooltip: "Height and width of a tile, in pixels." }),
  overlap: int({ default: 64, min: 0, max: 4096, step: 32, tooltip: "How far tiles overlap, in pixels." }),
  temporal_size: int({ default: 64, min: 8, max: 4096, step: 4, tooltip: "Frames at once; for videos only." }),
  temporal_overlap: int({ default: 8, min: 4, max: 4096, step: 4, tooltip: "Frames that overlap; for videos only." }),
});

/** Latents to pictures. */
export const vaeDecode = defineNode({
  id: "VAEDecode",
  title: "VAE Decode",
  category: "latent",
  doc: "Turns latents into pictures. A picture that would not fit into memory is made in tiles.",
  inputs: { samples, vae },
  outputs: { IMAGE },
  resources: ["gpu"],
  run: async ({ samples, vae }, { use, signal, progress }) => ({
    IMAGE: await decodeLatents(use(INFERENCE), vae, samples.samples, { signal, progress }),
  }),
});

/** Latents to pictures, a tile at a time. */
export const vaeDecodeTiled = defineNode({
  id: "VAEDecodeTiled",
  title: "VAE Decode (Tiled)",
  category: "_for_testing",
  doc: "Turns latents into pictures in tiles, three times with tiles of other shapes, so that no seams show. It takes less memory and more time.",
  inputs: { samples, vae, ...tiling(32) },
  outputs: { IMAGE },
  resources: ["gpu"],
  run: async ({ samples, vae, tile_size: side, overlap }, { use, signal, progress }) => {
    const tiles = { side, overlap: side < 4 * overlap ? Math.floor(side / 4) : overlap };
    return { IMAGE: await decodeLatents(use(INFERENCE), vae, samples.samples, { signal, progress, tiles }) };
  },
});

/** Pictures to latents: the mean of what the autoencoder sees in them. */
export const vaeEncode = defineNode({
  id: "VAEEncode",
  title: "VAE Encode",
  category: "latent",
  doc: "Turns pictures into latents. Sizes are cut to a multiple of the latents' cells.",
  inputs: { pixels: link(IMAGE), vae },
  outputs: { LATENT },
  resources: ["gpu"],
  run: async ({ pixels, vae }, { use, signal, progress }) => {
    const { mean } = await encodeImages(use(INFERENCE), vae, pixels, { signal, progress });
    return { LATENT: { samples: mean } };
  },
});

/** Pictures to latents, a tile at a time. */
export const vaeEncodeTiled = defineNode({
  id: "VAEEncodeTiled",
  title: "VAE Encode (Tiled)",
  category: "_for_testing",
  doc: "Turns pictures into latents in tiles, three times with tiles of other shapes. It takes less memory and more time.",
  inputs: { pixels: link(IMAGE), vae, ...tiling(64) },
  outputs: { LATENT },
  resources: ["gpu"],
  run: async ({ pixels, vae, tile_size: side, overlap }, { use, signal, progress }) => {
    const { mean } = await encodeImages(use(INFERENCE), vae, pixels, { signal, progress, tiles: { side, overlap } });
    return { LATENT: { samples: mean } };
  },
});
