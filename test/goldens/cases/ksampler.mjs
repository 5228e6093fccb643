// @ts-check
import { decodeLatents, openCheckpoint, sampleLatent } from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";
import { samplerNamed } from "./diffusers-classes.mjs";
import { COMPAT } from "./samplers.mjs";
import { schedulerNamed } from "./sigmas.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {Map<string, import("../read-set.mjs").Stored>} Tensors */

/** Runs by what their names say they need, besides a sampler and a scheduler. */
const NEEDS = /** @type {const} */ ({
  area_combine: "conditioning areas",
  cond_mask: "conditioning masks",
  inpaint9: "inpainting models",
  two_controlnets: "ControlNet",
});

/** Whole runs as a KSampler node makes them, on a single-file checkpoint: latents and pictures. @type {Handler} */
export async function* ksampler(c, { set, inference }) {
  const io = await set.tensors(c.files.io);
  const open = async () => {
    // A single file has no head count in it: the folder of the same network has.
    const unet = await openCheckpoint(set.path(c.files.unet_diffusers));
    const { model, vae } = await openCheckpoint(set.path(c.files.checkpoint), { unet: unet.model?.config ?? {} });
    if (!model || !vae) throw new Error("no UNet or no autoencoder was found in the checkpoint");
    return { model, vae };
  };
  for (const run of c.runs) {
    if (run.error !== undefined) continue;
    const [, kind = ""] = run.name.split(".");
    const sampler = samplerNamed(run.sampler);
    const scheduler = schedulerNamed(run.scheduler);
    const needs = Object.entries(NEEDS).find(([word]) => kind === word)?.[1];
    if (needs !== undefined) yield { name: run.name, needs };
    else if (!sampler || !scheduler) yield { name: run.name, needs: "every sampler" };
    else
      yield {
        name: run.name,
        compare: async () => {
          const { model, vae } = await open();
          const { samples } = await sampleLatent({
            model: predicting(model, kind),
            inference,
            positive: [{ tokens: floats(io, kind === "long_prompt" ? "in.cond_long" : "in.cond") }],
            negative: [{ tokens: floats(io, "in.uncond") }],
            latent: latentOf(c, kind, io),
            cfg: run.cfg,
            sampler,
            scheduler,
            steps: run.steps,
            denoise: run.denoise,
            seed: BigInt(c.seed),
            compat: COMPAT,
          });
          const image = toPlanes(await decodeLatents(inference, vae, samples));
          const { rtol } = c.tolerance;
          return [
            {
              what: "samples",
              got: samples.data,
              want: tensor(io, `out.${run.name}.samples`).data,
              atol: run.atol,
              rtol,
            },
            { what: "image", got: image, want: tensor(io, `out.${run.name}.image`).data, atol: 2e-3, rtol },
          ];
        },
      };
  }
}

/** The model, told to predict what the run says. @param {import("@mezzotint/nodes-diffusion").Model} model @param {string} kind */
function predicting(model, kind) {
  if (!kind.startsWith("vpred")) return model;
  const prediction = {
    ...model.prediction,
    type: /** @type {const} */ ("v_prediction"),
    zeroTerminalSnr: kind === "vpred_zsnr",
  };
  return { ...model, prediction };
}

/**
 * What a run starts from.
 * @param {import("../read-set.mjs").Case} c @param {string} kind @param {Tensors} io
 * @returns {import("@mezzotint/nodes-diffusion").Latent}
 */
function latentOf(c, kind, io) {
  const [height, width] = c.latent_hw;
  /** @param {number} batch */
  const empty = (batch) => ({ dims: [batch, 4, height, width], data: new Float32Array(batch * 4 * height * width) });
  if (kind === "img2img") return { samples: floats(io, "in.latent") };
  if (kind === "batch2") return { samples: empty(2), batch_index: c.batch_inds };
  if (kind !== "inpaint_mask") return { samples: empty(1) };
  const mask = floats(io, "in.mask");
  return { samples: floats(io, "in.latent"), noise_mask: { dims: [1, ...mask.dims.slice(-2)], data: mask.data } };
}

/** Pictures [B,H,W,C] as [B,C,H,W]. @param {import("@mezzotint/engine").Tensor} images */
function toPlanes({ dims: [, height = 0, width = 0, channels = 0], data }) {
  const plane = height * width;
  return Float32Array.from(data, (_, i) => {
    const item = Math.floor(i / (channels * plane));
    const channel = Math.floor(i / plane) % channels;
    return Number(data[(item * plane + (i % plane)) * channels + channel]);
  });
}
