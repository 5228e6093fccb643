import { blend } from "./blend.js";

/** The direction (x - denoised) / sigma in which a latent moves as sigma grows: the noise that the model sees in it. */
export const slope = (x: Float32Array, denoised: Float32Array, sigma: number): Float32Array =>
  blend(1 / sigma, x, -1 / sigma, denoised);
