import type { Preview, RunContext } from "@mezzotint/engine";

/** Draws the picture that a latent (scaled for the model, [batch, channels, height, width]) is going to be. */
export type Render = (denoised: Float32Array, dims: readonly number[]) => Promise<Preview>;

/** Previews take at most this part of a run's time. */
const SHARE = 0.02;

/**
 * Shows how a picture comes along, for whoever watches. Each step is offered; one is drawn when the drawing, by what
 * it took before, stays within its share of the time. What goes wrong with it ends the previews, never the run.
 */
export function previewing(
  { preview, signal }: Pick<RunContext, "preview" | "signal">,
  render: Render,
  now: () => number = () => performance.now(),
): (...step: Parameters<Render>) => Promise<void> {
  // The first drawing loads what later ones have: the fastest so far says what the next will take.
  let cost = Number.POSITIVE_INFINITY;
  let next = Number.NEGATIVE_INFINITY;
  return async (denoised, dims) => {
    const start = now();
    if (start < next) return;
    try {
      preview?.(await render(denoised, dims));
      cost = Math.min(cost, now() - start);
      next = now() + cost / SHARE;
    } catch (error) {
      next = Number.POSITIVE_INFINITY;
      if (!signal.aborted)
        process.emitWarning(`no more previews of this run: ${error instanceof Error ? error.message : error}`);
    }
  };
}
