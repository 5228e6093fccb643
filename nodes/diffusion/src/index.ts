import { createRequire } from "node:module";
import { definePack } from "@mezzotint/engine";
import { clipSetLastLayer, clipTextEncode } from "./nodes/conditioning.js";
import { emptyLatentImage, latentUpscale } from "./nodes/latent.js";
import { checkpointLoaderSimple, vaeLoader } from "./nodes/loaders.js";
import { kSampler } from "./nodes/sampling.js";
import { vaeDecode, vaeEncode } from "./nodes/vae.js";

export * from "./models/index.js";
export * from "./sampling/index.js";
export * from "./sockets.js";
export * from "./tokenizer/index.js";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Mezzotint's diffusion nodes. */
export default definePack({
  name: "@mezzotint/nodes-diffusion",
  version,
  nodes: [
    checkpointLoaderSimple,
    vaeLoader,
    clipTextEncode,
    clipSetLastLayer,
    emptyLatentImage,
    latentUpscale,
    kSampler,
    vaeEncode,
    vaeDecode,
  ],
});
