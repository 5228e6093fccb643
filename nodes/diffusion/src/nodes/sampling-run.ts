import type { RunContext } from "@mezzotint/engine";
import { INFERENCE } from "@mezzotint/engine/onnx";
import { renderPreview } from "../latent/preview.js";
import type { Model } from "../models/index.js";
import { SAMPLING_OPTIONS, type Sampling } from "../sampling/index.js";
import { previewing } from "./previewing.js";

/** What every sampler node brings from the run it is part of: the host, cancelling, progress and previews. */
export function inRun(ctx: RunContext, model: Model): Pick<Sampling, "inference" | "signal" | "onStep" | "compat"> {
  const preview = ctx.preview && previewing(ctx, (denoised, dims) => renderPreview(model, denoised, dims, ctx));
  return {
    ...ctx.use(SAMPLING_OPTIONS),
    inference: ctx.use(INFERENCE),
    signal: ctx.signal,
    onStep: async ({ index, total, denoised, dims }) => {
      ctx.progress(index + 1, total);
      await preview?.(denoised, dims);
    },
  };
}
