import type { Inference } from "@mezzotint/engine/onnx";
import { unetSession } from "../models/index.js";
import type { Guider } from "../sockets.js";
import { checkConditioning, checkModel, isInpainting } from "./fitting.js";
import { guidance, needsNegative } from "./guidance.js";
import type { Masked } from "./inpaint-input.js";
import type { SampleProblem } from "./samplers/sampler.js";
import { type UnetDenoiser, unetDenoiser } from "./unet-denoiser.js";

/** A model and what steers it, as samplers ask it. */
export interface GuidedDenoiser
  extends Pick<SampleProblem, "denoise" | "denoiseBoth">,
    Pick<UnetDenoiser, "ms" | "release"> {}

/** What a guided denoiser asks, and where. */
export interface GuidedDenoiserOptions {
  readonly guider: Guider;
  readonly inference: Inference;
  /** Shape of the latents: [batch, channels, height, width]. */
  readonly dims: readonly number[];
  /** The sampler wants the answer without the prompt even where guidance does not need it. */
  readonly needsUncond: boolean;
  /** What the run masks, if anything. */
  readonly masked: Masked | undefined;
  /** What the network is told at a noise level; `undefined`: the nearest training step. */
  readonly timestep: (sigma: number) => number | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Makes a denoiser that is to be released after the run. Throws, saying what does not fit, when guider and latents do not. */
export async function guidedDenoiser(options: GuidedDenoiserOptions): Promise<GuidedDenoiser> {
  const { guider, dims, masked, signal, needsUncond, ...rest } = options;
  const { model, cfg, positive, negative } = guider;
  checkModel(model);
  // Links bring what no widget lets through.
  if (!Number.isFinite(cfg)) throw new Error(`the strength of guidance (cfg) is ${cfg}; a finite number was expected`);
  checkConditioning(model, "positive", positive);
  const both = needsNegative(cfg) || needsUncond;
  if (both) {
    if (!negative) throw new Error("this sampler goes by the answer without the prompt: give it a CFGGuider");
    checkConditioning(model, "negative", negative);
  }
  const unet = unetDenoiser({
    ...rest,
    model,
    session: await unetSession(model, isInpainting(model) ? { masked: true } : {}),
    dims,
    conditionings: both && negative ? [positive, negative] : [positive],
    ...(!both && negative && { silent: negative }),
    ...(masked && { masked }),
    ...(signal && { signal }),
  });
  const guided = guidance(model, cfg, dims);
  const denoiseBoth: SampleProblem["denoiseBoth"] = async (x, sigma) => {
    const [cond, uncond] = (await unet.denoise(x, sigma)) as [Float32Array, Float32Array];
    return { denoised: guided({ x, sigma, positive: cond, negative: uncond }), uncond };
  };
  return {
    denoise: async (x, sigma) => (both ? (await denoiseBoth(x, sigma)).denoised : (await unet.denoise(x, sigma))[0]!),
    denoiseBoth,
    ms: unet.ms,
    release: unet.release,
  };
}
