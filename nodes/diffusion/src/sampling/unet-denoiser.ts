import { elements } from "@mezzotint/engine";
import type { Inference, SessionSpec } from "@mezzotint/engine/onnx";
import type { Model } from "../models/descriptions.js";
import type { Conditioning } from "../sockets.js";
import { cutWindow } from "./areas.js";
import { placeConditions } from "./conditions.js";
import { isInpainting } from "./fitting.js";
import type { Masked } from "./inpaint-input.js";
import { preconditioning } from "./prediction.js";
import { sigmaTable, stepAt } from "./sigma-table.js";
import { planRuns, type UnetRun } from "./unet-runs.js";
import { type Answer, weightedMean } from "./weighted-mean.js";

/** A UNet that knows its conditionings: asked about a latent, it answers once for each. */
export interface UnetDenoiser {
  /** The denoised latent under each conditioning, in order. Zeros where none of its conditions holds. */
  readonly denoise: (x: Float32Array, sigma: number) => Promise<Float32Array[]>;
  /** Milliseconds that the network itself has run so far. */
  readonly ms: () => number;
  /** Forgets what was uploaded. */
  readonly release: () => void;
}

/** What a denoiser asks, and where. */
export interface UnetDenoiserOptions {
  readonly model: Model;
  readonly session: SessionSpec;
  readonly inference: Inference;
  /** Shape of the latents: [batch, channels, height, width]. */
  readonly dims: readonly number[];
  readonly conditionings: readonly Conditioning[];
  /** A conditioning that nobody asks about, but whose areas the others are set against all the same. */
  readonly silent?: Conditioning;
  /** What the run masks, if anything; inpainting networks are shown it. */
  readonly masked?: Masked;
  /** What the network is told at a noise level; absent: the nearest training step. */
  readonly timestep?: (sigma: number) => number | undefined;
  readonly signal?: AbortSignal;
}

/**
 * Makes a denoiser. Each condition's answer counts where, when and as much as the condition says, and a conditioning's
 * answer is their mean. What the conditions tell goes to the inference host once and stays there until `release`.
 */
export function unetDenoiser(options: UnetDenoiserOptions): UnetDenoiser {
  const { model, session, inference, dims, conditionings, silent, masked, signal } = options;
  const table = sigmaTable(model.prediction);
  const placed = placeConditions(silent ? [...conditionings, silent] : conditionings, dims, table);
  const runs = planRuns(
    conditionings.flatMap((_, side) => placed[side]!.map((condition) => ({ ...condition, side }))),
    { inference, dims, ...(isInpainting(model) && { inpaint: { latent: model.latent, ...(masked && { masked }) } }) },
  );
  let ms = 0;

  async function run({ asked, dims: shown, constants }: UnetRun, x: Float32Array, sigma: number): Promise<Answer[]> {
    const { in: scale, skip, out } = preconditioning(model.prediction, sigma);
    const size = elements(shown);
    const parts = asked.map(({ window }) => (window ? cutWindow({ dims, data: x }, window).data : x));
    const sample = new Float32Array(size * asked.length);
    for (const [i, part] of parts.entries()) for (let j = 0; j < size; j++) sample[i * size + j] = part[j]! * scale;
    const batch = (shown[0] ?? 1) * asked.length;
    const timestep = new Float32Array(batch).fill(options.timestep?.(sigma) ?? stepAt(table, sigma));
    const result = await inference.run(
      session,
      {
        sample: { dims: [batch, ...shown.slice(1)], data: sample },
        timestep: { dims: [batch], data: timestep },
        ...constants,
      },
      signal ? { signal } : {},
    );
    ms += result.ms;
    const prediction = result.outputs.prediction;
    if (prediction === undefined || prediction.data.length !== sample.length) {
      throw new Error(`the UNet gave [${prediction?.dims ?? []}] for latents of [${[batch, ...shown.slice(1)]}]`);
    }
    return asked.map(({ window, weight }, i) => {
      const part = parts[i]!;
      const denoised = new Float32Array(size);
      for (let j = 0; j < size; j++) denoised[j] = skip * part[j]! + out * prediction.data[i * size + j]!;
      return { denoised, weight, ...(window && { window }) };
    });
  }

  return {
    async denoise(x, sigma) {
      const answers: Answer[][] = conditionings.map(() => []);
      for (const one of runs) {
        const [from, until] = one.sigmas;
        if (Math.fround(sigma) > from || Math.fround(sigma) < until) continue;
        signal?.throwIfAborted();
        for (const [i, answer] of (await run(one, x, sigma)).entries()) answers[one.asked[i]!.side]!.push(answer);
      }
      return answers.map((given) => weightedMean(given, dims));
    },
    ms: () => ms,
    release: () => inference.release(runs.flatMap(({ constants }) => Object.values(constants))),
  };
}
