// @ts-check
import { preconditioning } from "@mezzotint/nodes-diffusion";

/**
 * A network whose answer is known in closed form: every element of the data is an independent mixture of two
 * Gaussians (weights `w`, deviations `s`, means that the conditioning chooses), and the network gives the exact
 * posterior mean, as the noise or the velocity that a real one would predict.
 * @typedef {{ w: readonly number[], s: readonly number[] }} Mixture
 */

/**
 * The posterior mean of x = x0 + sigma * noise.
 * @param {Mixture} mixture @param {Float32Array} means of both components, one after the other
 * @param {ArrayLike<number>} x @param {number} sigma
 */
function posteriorMean({ w, s }, means, x, sigma) {
  return Float64Array.from(x, (value, i) => {
    const [a, b] = [0, 1].map((k) => {
      const variance = Number(s[k]) ** 2 + sigma ** 2;
      const mean = Number(means[k * x.length + i]);
      return {
        log: Math.log(Number(w[k])) - Math.log(variance) / 2 - (value - mean) ** 2 / (2 * variance),
        mean: (Number(s[k]) ** 2 * value + sigma ** 2 * mean) / variance,
      };
    });
    if (!a || !b) throw new RangeError("a mixture has two components");
    const part = 1 / (1 + Math.exp(b.log - a.log));
    return part * a.mean + (1 - part) * b.mean;
  });
}

/**
 * The network's own answer to its scaled input, in float32 as a real one gives it.
 * @param {Mixture} mixture @param {import("@mezzotint/nodes-diffusion").Prediction["type"]} type @param {Float32Array} means
 * @param {Float32Array} input @param {number} sigma
 */
function predict(mixture, type, means, input, sigma) {
  const size = Math.sqrt(1 + sigma ** 2);
  const x = Float64Array.from(input, (value) => value * size);
  const mean = posteriorMean(mixture, means, x, sigma);
  if (type === "epsilon") return Float32Array.from(x, (value, i) => (value - Number(mean[i])) / sigma);
  return Float32Array.from(x, (value, i) => ((value / size ** 2 - Number(mean[i])) * size) / sigma);
}

/**
 * The network with the product's scaling around it, as a sampler calls it. `told` is the noise level that it is told
 * of, where that is not the solver's own: a real network knows training steps only.
 * @param {{ mixture: Mixture, means: Float32Array, prediction: import("@mezzotint/nodes-diffusion").Prediction,
 *   told?: ((sigma: number) => number) | undefined }} options
 * @returns {(x: Float32Array, sigma: number) => Float32Array}
 */
export function toyDenoiser({ mixture, means, prediction, told = (sigma) => sigma }) {
  return (x, sigma) => {
    const { in: scale, skip, out } = preconditioning(prediction, sigma);
    const answer = predict(
      mixture,
      prediction.type,
      means,
      x.map((value) => value * scale),
      told(sigma),
    );
    return x.map((value, i) => skip * value + out * Number(answer[i]));
  };
}
