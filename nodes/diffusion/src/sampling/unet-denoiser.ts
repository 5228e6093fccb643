import { elements } from "@mezzotint/engine";
import type { Handle, Inference, SessionSpec } from "@mezzotint/engine/onnx";
import type { Model } from "../models/descriptions.js";
import type { Condition, Conditioning } from "../sockets.js";
import { mean } from "./guidance.js";
import { preconditioning } from "./prediction.js";
import { type SigmaTable, sigmaTable, stepAt } from "./sigma-table.js";

/**
 * Conditions share one run of the network while their latents together have at most this many elements. On a CPU a
 * large batch gains nothing (two cost 2.06 times one at 64×64); a small one saves the cost of a run, which is
 * 0.6 ms of a step at 16×16.
 */
const SHARED_ELEMENTS = 4 * 32 * 32 * 2;

/** A UNet that knows its conditionings: asked about a latent, it answers once for each. */
export interface UnetDenoiser {
  /** The denoised latent under each conditioning, in order. */
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
  /** What the network is told at a noise level; absent: the nearest training step. */
  readonly timestep?: (sigma: number) => number | undefined;
  readonly signal?: AbortSignal;
}

/** One run of the network: the same latents for each of its conditions, one after the other along the batch. */
interface Group {
  readonly conditions: number[];
  readonly context: Handle;
}

/** Makes a denoiser. The conditions' tokens go to the inference host once and stay there until `release`. */
export function unetDenoiser(options: UnetDenoiserOptions): UnetDenoiser {
  const { model, session, inference, dims, signal } = options;
  const table: SigmaTable = sigmaTable(model.prediction);
  const size = elements(dims);
  const groups = upload(options, options.conditionings.flat());
  let ms = 0;

  async function run({ conditions, context }: Group, x: Float32Array, sigma: number): Promise<Float32Array[]> {
    const { in: scale, skip, out } = preconditioning(model.prediction.type, sigma);
    const count = conditions.length;
    const sample = new Float32Array(size * count);
    for (let i = 0; i < size; i++) sample[i] = x[i]! * scale;
    for (let copy = 1; copy < count; copy++) sample.copyWithin(copy * size, 0, size);
    const batch = (dims[0] ?? 1) * count;
    const timestep = new Float32Array(batch).fill(options.timestep?.(sigma) ?? stepAt(table, sigma));
    const result = await inference.run(
      session,
      {
        sample: { dims: [batch, ...dims.slice(1)], data: sample },
        timestep: { dims: [batch], data: timestep },
        context,
      },
      signal ? { signal } : {},
    );
    ms += result.ms;
    const prediction = result.outputs.prediction;
    if (prediction === undefined || prediction.data.length !== size * count) {
      throw new Error(`the UNet gave [${prediction?.dims ?? []}] for latents of [${[batch, ...dims.slice(1)]}]`);
    }
    return conditions.map((_, copy) => {
      const denoised = new Float32Array(size);
      for (let i = 0; i < size; i++) denoised[i] = skip * x[i]! + out * prediction.data[copy * size + i]!;
      return denoised;
    });
  }

  return {
    async denoise(x, sigma) {
      const answers: Float32Array[] = [];
      for (const group of groups) {
        signal?.throwIfAborted();
        const denoised = await run(group, x, sigma);
        group.conditions.forEach((condition, i) => {
          answers[condition] = denoised[i]!;
        });
      }
      return options.conditionings.map(({ length }) => mean(answers.splice(0, length)));
    },
    ms: () => ms,
    release: () => inference.release(groups.map(({ context }) => context)),
  };
}

function upload({ inference, dims }: UnetDenoiserOptions, conditions: Conditioning): Group[] {
  const most = Math.max(1, Math.floor(SHARED_ELEMENTS / elements(dims)));
  const groups: { conditions: number[]; shape: readonly number[] }[] = [];
  conditions.forEach(({ tokens }, i) => {
    const shape = tokens.dims.slice(1);
    const fitting = groups.find((g) => g.conditions.length < most && g.shape.every((n, axis) => n === shape[axis]));
    if (fitting) fitting.conditions.push(i);
    else groups.push({ conditions: [i], shape });
  });
  const batch = dims[0] ?? 1;
  return groups.map(({ conditions: members, shape }) => {
    const size = elements(shape) * batch;
    const data = new Float32Array(size * members.length);
    for (const [i, member] of members.entries()) data.set(toBatch(conditions[member]!, batch), i * size);
    return { conditions: members, context: inference.upload({ dims: [batch * members.length, ...shape], data }) };
  });
}

/** A condition's tokens for each item of a batch: its own as far as there are, then from the first again. */
function toBatch({ tokens }: Condition, batch: number): Float32Array {
  const size = elements(tokens.dims.slice(1));
  const own = tokens.dims[0] ?? 1;
  const out = new Float32Array(size * batch);
  for (let i = 0; i < batch; i++) out.set(tokens.data.subarray((i % own) * size, ((i % own) + 1) * size), i * size);
  return out;
}
