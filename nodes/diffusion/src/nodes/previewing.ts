import type { Preview, RunContext } from "@mezzotint/engine";

/** Draws the picture that a latent (scaled for the model, [batch, channels, height, width]) is going to be. */
export type Render = (denoised: Float32Array, dims: readonly number[]) => Promise<Preview>;

/** Previews take this part of a run's time, */
const SHARE = 0.02;
/** and these milliseconds once, in which a run that is over before anyone minds shows its steps. */
const ALLOWANCE = 200;

/**
 * Shows how a picture comes along, for whoever watches. Each step is offered, and drawn unless the drawings so far took
 * more time than they may. What goes wrong with it ends the previews, never the run.
 */
export function previewing(
  { preview, signal }: Pick<RunContext, "preview" | "signal">,
  render: Render,
  now: () => number = () => performance.now(),
): (...step: Parameters<Render>) => Promise<void> {
  const begun = now();
  let spent: number | undefined;
  return async (denoised, dims) => {
    const start = now();
    if (spent !== undefined && spent > ALLOWANCE + SHARE * (start - begun)) return;
    try {
      preview?.(await render(denoised, dims));
      // The first drawing loads what the others have, and does not count.
      spent = spent === undefined ? 0 : spent + now() - start;
    } catch (error) {
      spent = Number.POSITIVE_INFINITY;
      if (!signal.aborted)
        process.emitWarning(`no more previews of this run: ${error instanceof Error ? error.message : error}`);
    }
  };
}
