import type { Prediction } from "../models/descriptions.js";

/** A network's output becomes the denoised latent as `skip * x + out * output`; its input is `in * x`. */
export interface Preconditioning {
  readonly in: number;
  readonly skip: number;
  readonly out: number;
}

/**
 * How latents at a noise level go into and come out of a network that was trained on inputs of variance one (Karras
 * et al. 2022, table 1; v-prediction from Salimans and Ho 2022).
 */
export function preconditioning(type: Prediction["type"], sigma: number): Preconditioning {
  const variance = sigma ** 2 + 1;
  const scale = 1 / Math.sqrt(variance);
  switch (type) {
    case "epsilon":
      return { in: scale, skip: 1, out: -sigma };
    case "v_prediction":
      return { in: scale, skip: 1 / variance, out: -sigma * scale };
    case "sample":
      return { in: scale, skip: 0, out: 1 };
  }
}

/**
 * How strong the starting noise is at a sigma. A run that starts at a model's largest sigma starts as training did,
 * with the variance that training ended with; one that starts lower adds sigma's worth of noise to a picture.
 */
export const startingNoise = (sigma: number, largest: number): number =>
  sigma > largest || isClose(sigma, largest) ? Math.sqrt(1 + sigma ** 2) : sigma;

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), Math.abs(b));
