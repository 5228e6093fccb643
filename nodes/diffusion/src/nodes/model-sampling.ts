import { bool, choice, defineNode } from "@mezzotint/engine";
import type { Prediction } from "../models/index.js";
import { MODEL } from "../sockets.js";
import * as inputs from "./sampling-inputs.js";

/** What ComfyUI's names say of a network. */
const SAMPLING = {
  eps: { type: "epsilon" },
  v_prediction: { type: "v_prediction" },
  // Latent consistency models were distilled to 50 of the training steps (Luo et al. 2023).
  lcm: { type: "consistency", distilledSteps: 50 },
  x0: { type: "sample" },
  img_to_img: { type: "image_to_image" },
} as const satisfies Record<string, Pick<Prediction, "type" | "distilledSteps">>;

/** ComfyUI's ModelSamplingDiscrete. */
export const modelSamplingDiscrete = defineNode({
  id: "ModelSamplingDiscrete",
  category: "advanced/model",
  doc: "Says what a model predicts, where its file does not or where another model was made of it (LCM).",
  inputs: {
    model: inputs.model,
    sampling: choice(Object.keys(SAMPLING) as (keyof typeof SAMPLING)[], { tooltip: "What the network answers." }),
    zsnr: bool({ tooltip: "Whether its training ended in pure noise (zero terminal SNR).", default: false }),
  },
  outputs: { MODEL },
  run: ({ model, sampling, zsnr }) => {
    const { distilledSteps: _, ...trained } = model.prediction;
    return { MODEL: { ...model, prediction: { ...trained, ...SAMPLING[sampling], zeroTerminalSnr: zsnr } } };
  },
});
