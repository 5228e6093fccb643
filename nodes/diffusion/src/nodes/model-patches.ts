import { defineNode, float, link, optional } from "@mezzotint/engine";
import { MODEL } from "../sockets.js";

/** ComfyUI's RescaleCFG. */
export const rescaleCfg = defineNode({
  id: "RescaleCFG",
  category: "advanced/model",
  doc: "Brings the contrast of guided pictures back to that of the prompt's own (Lin et al. 2023), for models with v-prediction or strong guidance.",
  inputs: {
    model: link(MODEL),
    multiplier: float({ default: 0.7, min: 0, max: 1, step: 0.01, tooltip: "How far; 0 leaves guidance as it is." }),
  },
  outputs: { MODEL },
  run: ({ model, multiplier }) => ({ MODEL: { ...model, rescaleGuidance: multiplier } }),
});

/** ComfyUI's DifferentialDiffusion. */
export const differentialDiffusion = defineNode({
  id: "DifferentialDiffusion",
  title: "Differential Diffusion",
  category: "_for_testing",
  doc: "Lets the grey values of a noise mask say how much changes (Levin and Fried 2023): the darker, the later sampling starts there.",
  inputs: {
    model: link(MODEL),
    strength: optional(
      float({ default: 1, min: 0, max: 1, step: 0.01, tooltip: "How much of that, against the mask as it is." }),
    ),
  },
  outputs: { MODEL },
  experimental: true,
  run: ({ model, strength = 1 }) => ({ MODEL: { ...model, differential: strength } }),
});
