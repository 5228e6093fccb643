import { createRequire } from "node:module";
import { definePack } from "@mezzotint/engine";
import { clipLoader, dualClipLoader } from "./nodes/clip-loaders.js";
import { clipSetLastLayer, clipTextEncode } from "./nodes/conditioning.js";
import {
  conditioningSetArea,
  conditioningSetAreaPercentage,
  conditioningSetMask,
  conditioningSetTimestepRange,
} from "./nodes/conditioning-areas.js";
import {
  conditioningAverage,
  conditioningCombine,
  conditioningConcat,
  conditioningZeroOut,
} from "./nodes/conditioning-blend.js";
import {
  disableNoise,
  kSamplerSelect,
  randomNoise,
  samplerCustom,
  samplerCustomAdvanced,
} from "./nodes/custom-sampling.js";
import { basicGuider, cfgGuider } from "./nodes/guiders.js";
import { inpaintModelConditioning, setLatentNoiseMask, vaeEncodeForInpaint } from "./nodes/inpaint.js";
import { emptyLatentImage, latentUpscale, latentUpscaleBy } from "./nodes/latent.js";
import { latentFromBatch, repeatLatentBatch } from "./nodes/latent-batch.js";
import { latentComposite, latentCompositeMasked } from "./nodes/latent-composite.js";
import { checkpointLoaderSimple, unetLoader, vaeLoader } from "./nodes/loaders.js";
import { differentialDiffusion, rescaleCfg } from "./nodes/model-patches.js";
import { modelSamplingDiscrete } from "./nodes/model-sampling.js";
import { kSampler, kSamplerAdvanced } from "./nodes/sampling.js";
import { flipSigmas, splitSigmas, splitSigmasDenoise } from "./nodes/sigma-parts.js";
import {
  basicScheduler,
  betaSamplingScheduler,
  exponentialScheduler,
  karrasScheduler,
  laplaceScheduler,
  polyexponentialScheduler,
  sdTurboScheduler,
  vpScheduler,
} from "./nodes/sigmas.js";
import { vaeDecode, vaeDecodeTiled, vaeEncode, vaeEncodeTiled } from "./nodes/vae.js";

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
    unetLoader,
    vaeLoader,
    clipLoader,
    dualClipLoader,
    clipTextEncode,
    clipSetLastLayer,
    conditioningCombine,
    conditioningConcat,
    conditioningAverage,
    conditioningZeroOut,
    conditioningSetArea,
    conditioningSetAreaPercentage,
    conditioningSetMask,
    conditioningSetTimestepRange,
    inpaintModelConditioning,
    emptyLatentImage,
    latentUpscale,
    latentUpscaleBy,
    latentFromBatch,
    repeatLatentBatch,
    latentComposite,
    latentCompositeMasked,
    kSampler,
    kSamplerAdvanced,
    kSamplerSelect,
    samplerCustom,
    samplerCustomAdvanced,
    basicScheduler,
    karrasScheduler,
    sdTurboScheduler,
    exponentialScheduler,
    polyexponentialScheduler,
    laplaceScheduler,
    vpScheduler,
    betaSamplingScheduler,
    splitSigmas,
    splitSigmasDenoise,
    flipSigmas,
    randomNoise,
    disableNoise,
    basicGuider,
    cfgGuider,
    modelSamplingDiscrete,
    rescaleCfg,
    differentialDiffusion,
    setLatentNoiseMask,
    vaeEncodeForInpaint,
    vaeEncode,
    vaeEncodeTiled,
    vaeDecode,
    vaeDecodeTiled,
  ],
});
