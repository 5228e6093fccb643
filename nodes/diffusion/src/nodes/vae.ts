import { defineNode, link } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { IMAGE } from "@mezzotint/nodes-core";
import { decodeLatents, encodeImages } from "../models/index.js";
import { LATENT, VAE } from "../sockets.js";

/** Latents to pictures. */
export const vaeDecode = defineNode({
  id: "VAEDecode",
  title: "VAE Decode",
  category: "latent",
  doc: "Turns latents into pictures.",
  inputs: {
    samples: link(LATENT, { tooltip: "The latents to be decoded." }),
    vae: link(VAE, { tooltip: "The autoencoder that decodes them." }),
  },
  outputs: { IMAGE },
  resources: ["gpu"],
  run: async ({ samples, vae }, { use, signal, progress }) => ({
    IMAGE: await decodeLatents(use(INFERENCE), vae, samples.samples, { signal, progress }),
  }),
});

/** Pictures to latents: the mean of what the autoencoder sees in them. */
export const vaeEncode = defineNode({
  id: "VAEEncode",
  title: "VAE Encode",
  category: "latent",
  doc: "Turns pictures into latents. Sizes are cut to a multiple of the latents' cells.",
  inputs: { pixels: link(IMAGE), vae: link(VAE) },
  outputs: { LATENT },
  resources: ["gpu"],
  run: async ({ pixels, vae }, { use, signal, progress }) => {
    const { mean } = await encodeImages(use(INFERENCE), vae, pixels, { signal, progress });
    return { LATENT: { samples: mean } };
  },
});
