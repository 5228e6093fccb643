import { open } from "node:fs/promises";
import type { TensorEntry } from "@mezzotint/engine/onnx";
import type { Tensors } from "./canonical.js";
import type { Family, Prediction } from "./descriptions.js";
import { DEFAULT_PREDICTION } from "./network-config.js";

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
  return entry !== undefined && deviation(await readFloats(entry)) > SPREAD;
}

function deviation(values: Float32Array): number {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / Math.max(1, values.length - 1));
}

/** The values of a small tensor; none for types that it does not read. */
async function readFloats({ file, dtype, offset, length }: TensorEntry): Promise<Float32Array> {
  const bytes = new DataView(new ArrayBuffer(Math.min(length, 2 ** 20)));
  const handle = await open(file, "r");
  try {
    await handle.read(bytes, 0, bytes.byteLength, offset);
  } finally {
    await handle.close();
  }
  switch (dtype) {
    case "F32":
      return Float32Array.from({ length: bytes.byteLength >> 2 }, (_, i) => bytes.getFloat32(4 * i, true));
    case "F16":
      return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => fromHalf(bytes.getUint16(2 * i, true)));
    case "BF16": {
      const wide = new DataView(new ArrayBuffer(4));
      return Float32Array.from({ length: bytes.byteLength >> 1 }, (_, i) => {
        wide.setUint16(0, bytes.getUint16(2 * i, true));
        return wide.getFloat32(0);
      });
    }
    default:
      return new Float32Array();
  }
}

/** IEEE 754 binary16. */
function fromHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
