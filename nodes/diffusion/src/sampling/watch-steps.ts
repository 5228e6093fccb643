import type { SampleStep } from "./samplers/sampler.js";

/** A step that was taken, for progress, previews and measurements. Latents are scaled for the model. */
export interface SampledStep extends SampleStep {
  readonly total: number;
  /** Wall milliseconds since the step before (or the start). */
  readonly ms: number;
  /** Of these, the milliseconds that the network itself ran: the rest is what sampling costs. */
  readonly hostMs: number;
  readonly dims: readonly number[];
}

/** Who watches a run, and what they are told beside the steps. */
export interface Watch {
  readonly onStep: ((step: SampledStep) => void | Promise<void>) | undefined;
  readonly signal: AbortSignal | undefined;
  /** Steps that are planned. A sampler that chooses its own may take more. */
  readonly planned: number;
  readonly dims: readonly number[];
  /** Milliseconds that the network has run so far. */
  readonly hostMs: () => number;
}

/** Runs a sampler to its end. Gives its last latent, and what the model took the picture to be in its last step. */
export async function watchSteps(
  steps: AsyncGenerator<SampleStep, Float32Array>,
  { onStep, signal, planned, dims, hostMs }: Watch,
): Promise<{ result: Float32Array; denoised: Float32Array | undefined }> {
  let [since, ran] = [performance.now(), 0];
  let denoised: Float32Array | undefined;
  for (;;) {
    signal?.throwIfAborted();
    const step = await steps.next();
    if (step.done) return { result: step.value, denoised };
    denoised = step.value.denoised;
    const host = hostMs();
    const total = Math.max(planned, step.value.index + 1);
    await onStep?.({ ...step.value, total, ms: performance.now() - since, hostMs: host - ran, dims });
    [since, ran] = [performance.now(), host];
  }
}
