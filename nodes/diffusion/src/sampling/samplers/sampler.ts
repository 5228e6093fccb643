import type { NoiseSource } from "./noise.js";

/** What a sampler has come to after one of its steps' first model call. Both arrays are only to be read. */
export interface SampleStep {
  readonly index: number;
  readonly sigma: number;
  /** The latent at this level, before the step. */
  readonly x: Float32Array;
  /** What the model takes the picture to be. */
  readonly denoised: Float32Array;
}

/** What a model takes the picture to be, with its prompt and without. */
export interface Both {
  /** Under guidance: what `denoise` gives. */
  readonly denoised: Float32Array;
  /** What the negative prompt alone makes of the latent. */
  readonly uncond: Float32Array;
}

/** An initial value problem: a noisy latent, the levels it passes through, and a model of what is under the noise. */
export interface SampleProblem {
  readonly x: Float32Array;
  /** Noise levels, falling; the last is usually 0. */
  readonly sigmas: Float32Array;
  readonly denoise: (x: Float32Array, sigma: number) => Promise<Float32Array>;
  /** The same and the answer without the prompt. Only for a sampler that says `needsUncond`. */
  readonly denoiseBoth: (x: Float32Array, sigma: number) => Promise<Both>;
  /** Fresh unit noise for the step between two levels. Seeded by the caller: a sampler is a function of its problem. */
  readonly noise: (sigma: number, next: number) => Float32Array;
  /** The noise level when this part (0 to 1) of the model's training steps is sampled through. */
  readonly sigmaAtPercent: (percent: number) => number;
}

/** A way through the noise levels, and what it wants of its surroundings. To add one, register it in `samplers`. */
export interface Sampler {
  /** Yields once a step, after the step's first model call; returns the final latent. Leaves what it is given as it was. */
  readonly run: (problem: SampleProblem) => AsyncGenerator<SampleStep, Float32Array>;
  /** Where its noise comes from; absent: independent normal draws. */
  readonly noise?: NoiseSource;
  /** It asks for the answer without the prompt, which is then made even where guidance would not need it. */
  readonly needsUncond?: boolean;
  /** Its schedule is made one step longer, and the level before 0 left out. */
  readonly discardPenultimate?: boolean;
  /** What a mask keeps gets noise of its own, where other samplers use the starting noise. */
  readonly freshMaskNoise?: boolean;
}

/** The steps of a schedule: from each level to the next. */
export function* intervals(sigmas: Float32Array): Generator<{ index: number; sigma: number; next: number }> {
  for (let index = 0; index + 1 < sigmas.length; index++) {
    yield { index, sigma: sigmas[index]!, next: sigmas[index + 1]! };
  }
}
