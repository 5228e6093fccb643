// @ts-check
import { dirname } from "node:path";
import { openCheckpoint, sampleLatent } from "@mezzotint/nodes-diffusion";
import { floats, SetError, tensor } from "../read-set.mjs";
import { samplerNamed } from "./diffusers-classes.mjs";
import { inpaintModel } from "./inpaint-model.mjs";
import { COMPAT } from "./samplers.mjs";
import { schedulerNamed } from "./sigmas.mjs";

/** @typedef {Map<string, import("../read-set.mjs").Stored>} Tensors */

/** Where, when and how much conditions hold, what inpainting networks see, and patches of guidance. @type {import("./index.mjs").Handler} */
export async function* conditions(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  for (const run of c.runs) {
    yield {
      name: run.name,
      compare: async () => {
        const sampler = samplerNamed(run.sampler);
        const scheduler = schedulerNamed(run.scheduler);
        if (!sampler || !scheduler)
          throw new SetError(`${run.name} names no sampler or scheduler that the product has`);
        const { samples } = await sampleLatent({
          model: await modelOf(c, run, set),
          inference,
          positive: conditioningOf(run.positive, io),
          negative: conditioningOf(run.negative, io),
          latent: latentOf(c, run, io),
          cfg: run.cfg,
          sampler,
          scheduler,
          steps: run.steps,
          denoise: run.denoise,
          seed: BigInt(c.seed),
          compat: COMPAT,
        });
        const want = tensor(io, `out.${run.name}`).data;
        return [{ what: "samples", got: samples.data, want, atol: run.atol, rtol: c.tolerance.rtol }];
      },
    };
  }
}

/** @param {import("../read-set.mjs").Case} c @param {any} run @param {import("../read-set.mjs").GoldenSet} set */
async function modelOf(c, run, set) {
  const { model } = await openCheckpoint(dirname(set.path(c.files.unet_diffusers)));
  if (!model) throw new SetError(`no UNet was found beside ${c.files.unet_diffusers}`);
  const network = run.model === "inpaint" ? await inpaintModel(set, model) : model;
  const zsnr = { type: /** @type {const} */ ("v_prediction"), zeroTerminalSnr: true };
  return {
    ...network,
    ...(run.zsnr && { prediction: { ...network.prediction, ...zsnr } }),
    ...(run.rescale !== undefined && { rescaleGuidance: run.rescale }),
    ...(run.differential !== undefined && { differential: run.differential }),
  };
}

/**
 * A conditioning whose tensors are names. @param {readonly any[]} named @param {Tensors} io
 * @returns {import("@mezzotint/nodes-diffusion").Conditioning}
 */
const conditioningOf = (named, io) =>
  named.map(({ tokens, mask, inpaint, ...rest }) => ({
    ...rest,
    tokens: floats(io, tokens),
    ...(mask && { mask: { ...mask, pixels: floats(io, mask.pixels) } }),
    ...(inpaint && { inpaint: { latent: floats(io, inpaint.latent), mask: floats(io, inpaint.mask) } }),
  }));

/** @param {import("../read-set.mjs").Case} c @param {any} run @param {Tensors} io @returns {import("@mezzotint/nodes-diffusion").Latent} */
function latentOf(c, { latent, batch = 1, noise_mask }, io) {
  const dims = [batch, 4, ...c.latent_hw];
  return {
    samples: latent ? floats(io, latent) : { dims, data: new Float32Array(dims.reduce((a, b) => a * b)) },
    ...(noise_mask && { noise_mask: floats(io, noise_mask) }),
  };
}
