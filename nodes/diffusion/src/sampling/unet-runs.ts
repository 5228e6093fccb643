import { elements, type Tensor } from "@mezzotint/engine";
import type { Handle, Inference } from "@mezzotint/engine/onnx";
import { newTensor } from "@mezzotint/nodes-core";
import type { LatentSpace } from "../models/descriptions.js";
import type { Condition } from "../sockets.js";
import { cutWindow } from "./areas.js";
import type { PlacedCondition } from "./conditions.js";
import { inpaintInput, type Masked } from "./inpaint-input.js";

/**
 * Conditions share one run of the network while their latents together have at most this many elements. On a CPU a
 * large batch gains nothing (two cost 2.06 times one at 64×64); a small one saves the cost of a run, which is
 * 0.6 ms of a step at 16×16.
 */
const SHARED_ELEMENTS = 4 * 32 * 32 * 2;

/** A condition, and which of the conditionings it answers for. */
export interface Asked extends PlacedCondition {
  readonly side: number;
}

/** One run of the network: the same latents, or windows of them, for each of its conditions along the batch. */
export interface UnetRun {
  readonly asked: readonly Asked[];
  /** When all of them hold: noise levels. */
  readonly sigmas: readonly [from: number, until: number];
  /** [batch, channels, rows, columns] of what each condition's network is shown. */
  readonly dims: readonly number[];
  /** What does not change from step to step, kept by the host. */
  readonly constants: { readonly context: Handle; readonly masked?: Handle };
}

/** What the runs are planned for. */
export interface RunPlan {
  readonly inference: Inference;
  /** [batch, channels, height, width] of the whole latents. */
  readonly dims: readonly number[];
  /** For inpainting networks: the latent space, and what is masked if anything is. */
  readonly inpaint?: { readonly latent: LatentSpace; readonly masked?: Masked };
}

/** Which conditions go through the network together, each with what it is told sent to the host. */
export function planRuns(conditions: readonly Asked[], plan: RunPlan): UnetRun[] {
  const groups: Asked[][] = [];
  for (const one of conditions) {
    const most = SHARED_ELEMENTS / elements(dimsOf(one, plan));
    const fitting = groups.find((group) => group.length + 1 <= most && mayShare(group[0]!, one, plan));
    if (fitting) fitting.push(one);
    else groups.push([one]);
  }
  // All is made before any is handed over: what does not fit leaves nothing that nobody releases.
  const told = groups.map((asked) => constantsOf(asked, plan));
  return groups.map((asked, i) => {
    const { context, masked } = told[i]!;
    return {
      asked,
      sigmas: asked[0]!.sigmas,
      dims: dimsOf(asked[0]!, plan),
      constants: {
        context: plan.inference.upload(context),
        ...(masked && { masked: plan.inference.upload(masked) }),
      },
    };
  });
}

const dimsOf = ({ window }: Asked, { dims }: RunPlan): readonly number[] =>
  window ? [...dims.slice(0, 2), window.height, window.width] : dims;

/** Of one size, with texts of one length, at the same time. */
const mayShare = (a: Asked, b: Asked, plan: RunPlan): boolean =>
  `${[dimsOf(a, plan), a.told.tokens.dims.slice(1), a.sigmas]}` ===
  `${[dimsOf(b, plan), b.told.tokens.dims.slice(1), b.sigmas]}`;

function constantsOf(asked: readonly Asked[], plan: RunPlan): { context: Tensor; masked?: Tensor } {
  const { inpaint, dims } = plan;
  const [batch = 1] = dims;
  return {
    context: stacked(asked.map(({ told }) => toBatch(told, batch))),
    ...(inpaint && { masked: stacked(asked.map((one) => inpaintWindow(one, inpaint, plan))) }),
  };
}

function inpaintWindow(
  { told, window }: Asked,
  { latent, masked }: NonNullable<RunPlan["inpaint"]>,
  { dims }: RunPlan,
) {
  const whole = inpaintInput(told.inpaint, masked, dims, latent);
  return window ? cutWindow(whole, window) : whole;
}

/** A condition's tokens for each item of a batch: its own as far as there are, then from the first again. */
function toBatch({ tokens }: Condition, batch: number): Tensor {
  const size = elements(tokens.dims.slice(1));
  const own = tokens.dims[0] ?? 1;
  const whole = newTensor(batch, ...tokens.dims.slice(1));
  for (let i = 0; i < batch; i++)
    whole.data.set(tokens.data.subarray((i % own) * size, ((i % own) + 1) * size), i * size);
  return whole;
}

/** Tensors of one shape, one after the other along the batch. */
function stacked(tensors: readonly Tensor[]): Tensor {
  const [first] = tensors;
  if (!first) throw new Error("there is nothing to stack");
  const whole = newTensor((first.dims[0] ?? 1) * tensors.length, ...first.dims.slice(1));
  for (const [i, tensor] of tensors.entries()) whole.data.set(tensor.data, i * first.data.length);
  return whole;
}
