import type { Prediction } from "../models/descriptions.js";
import { sigmaTable, stepAt } from "./sigma-table.js";

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
export function preconditioning(prediction: Prediction, sigma: number): Preconditioning {
  const variance = sigma ** 2 + 1;
  const scale = 1 / Math.sqrt(variance);
  switch (prediction.type) {
    case "epsilon":
      return { in: scale, skip: 1, out: -sigma };
    case "v_prediction":
      return { in: scale, skip: 1 / variance, out: -sigma * scale };
    case "sample":
      return { in: scale, skip: 0, out: 1 };
    case "image_to_image":
      return { in: 1, skip: 0, out: 1 };
    case "consistency": {
      const { skip, out } = boundary(stepAt(sigmaTable(prediction), sigma));
      return { in: scale, skip: skip + out, out: -sigma * out };
    }
  }
}

/** The spread of the data, and how training steps are scaled, in the latent consistency models' boundary condition. */
const [DATA, TIME] = [0.5, 10];

/**
 * How a consistency function is put together, `skip * x + out * picture`, so that it is the identity at time 0 (Luo et
 * al. 2023, "Latent consistency models", equation 9; constants from the authors' code).
 */
function boundary(step: number): { skip: number; out: number } {
  const time = step * TIME;
  const square = time ** 2 + DATA ** 2;
  return { skip: DATA ** 2 / square, out: time / Math.sqrt(square) };
}

/**
 * How strong the starting noise is at a sigma. A run that starts at a model's largest sigma starts as training did,
 * with the variance that training ended with; one that starts lower adds sigma's worth of noise to a picture.
 */
export const startingNoise = (sigma: number, largest: number): number =>
  sigma > largest || isClose(sigma, largest) ? Math.sqrt(1 + sigma ** 2) : sigma;

const isClose = (a: number, b: number): boolean => Math.abs(a - b) <= 1e-5 * Math.max(Math.abs(a), Math.abs(b));
