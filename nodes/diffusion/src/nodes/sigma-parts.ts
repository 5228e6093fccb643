import { defineNode, float, int, link } from "@mezzotint/engine";
import { roundHalfEven } from "@mezzotint/nodes-core";
import { SIGMAS } from "../sockets.js";
import { levelsOf, toSigmas } from "./sigma-levels.js";

const sigmas = link(SIGMAS, { tooltip: "The noise levels." });

const parts = {
  high_sigmas: { ...SIGMAS, tooltip: "The levels up to the step's." },
  low_sigmas: { ...SIGMAS, tooltip: "The levels from the step's on." },
};

/** ComfyUI's SplitSigmas. */
export const splitSigmas = defineNode({
  id: "SplitSigmas",
  category: "sampling/custom_sampling/sigmas",
  doc: "Cuts noise levels in two after some steps. Both parts have the level between them.",
  inputs: {
    sigmas,
    step: int({ default: 0, min: 0, max: 10_000, tooltip: "How many steps the first part takes." }),
  },
  outputs: parts,
  run: ({ sigmas, step }) => {
    const levels = levelsOf(sigmas);
    return { high_sigmas: toSigmas(levels.slice(0, step + 1)), low_sigmas: toSigmas(levels.slice(step)) };
  },
});

/** ComfyUI's SplitSigmasDenoise. */
export const splitSigmasDenoise = defineNode({
  id: "SplitSigmasDenoise",
  category: "sampling/custom_sampling/sigmas",
  doc: "Cuts noise levels in two before the last part of the steps. Both parts have the level between them.",
  inputs: {
    sigmas,
    denoise: float({ default: 1, min: 0, max: 1, step: 0.01, tooltip: "How much of the steps the second part takes." }),
  },
  outputs: parts,
  run: ({ sigmas, denoise }) => {
    const levels = levelsOf(sigmas);
    const count = roundHalfEven(Math.max(levels.length - 1, 0) * denoise);
    // Without any step in the second part there is none in the first either: ComfyUI counts 0 from the end as all.
    const high = count === 0 ? levels.slice(0, 0) : levels.slice(0, -count);
    return { high_sigmas: toSigmas(high), low_sigmas: toSigmas(levels.slice(-(count + 1))) };
  },
});

/** What stands for 0 where a run starts from it: from no noise at all no sampler can step. */
const ALMOST_ZERO = 1e-4;

/** ComfyUI's FlipSigmas. */
export const flipSigmas = defineNode({
  id: "FlipSigmas",
  category: "sampling/custom_sampling/sigmas",
  doc: "Turns noise levels round, for a run that goes from a picture to the noise it would come from.",
  inputs: { sigmas },
  outputs: { SIGMAS },
  run: ({ sigmas }) => {
    const levels = levelsOf(sigmas).toReversed();
    if (levels[0] === 0) levels[0] = ALMOST_ZERO;
    return { SIGMAS: toSigmas(levels) };
  },
});
