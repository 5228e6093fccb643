import type { Tensors } from "./canonical.js";
import type { Family, Prediction } from "./descriptions.js";
import { DEFAULT_PREDICTION } from "./network-config.js";
import { readFloats } from "./read-floats.js";

/**
 * What a single file's UNet predicts. Files made for v-prediction carry a tensor named `v_pred` (and `ztsnr` for a noise
 * schedule that ends in pure noise). Nothing marks Stable Diffusion 2's 768-v, so it is guessed as ComfyUI does: the
 * biases of the last block's first norm spread more in v-prediction models. Everything else predicts the noise.
 */
export async function guessPrediction(family: Family, unet: Tensors, stored: Tensors): Promise<Prediction> {
  const marked = stored.has("v_pred");
  const v = marked || (family === "sd2" && (await looksLikeV(unet)));
  return {
    ...DEFAULT_PREDICTION,
    type: v ? "v_prediction" : "epsilon",
    zeroTerminalSnr: marked && stored.has("ztsnr"),
  };
}

/** The standard deviation above which ComfyUI takes such a model for v-prediction. */
const SPREAD = 0.09;

async function looksLikeV(unet: Tensors): Promise<boolean> {
  // Inpainting models of this family predict the noise.
  if (unet.get("conv_in.weight")?.shape[1] !== 4) return false;
  const key = [...unet.keys()]
    .filter((name) => /^up_blocks\.\d+\.attentions\.\d+\.transformer_blocks\.0\.norm1\.bias$/.test(name))
    .sort((a, b) => a.localeCompare(b, "en", { numeric: true }))
    .at(-1);
  const entry = key === undefined ? undefined : unet.get(key);
  const values = entry && (await readFloats(entry, { most: 2 ** 18 }));
  return values !== undefined && deviation(values) > SPREAD;
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1));
}
