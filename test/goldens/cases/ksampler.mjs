// @ts-check
import { decodeLatents, openCheckpoint, sampleLatent } from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";
import { samplerNamed } from "./diffusers-classes.mjs";
import { inpaintModel } from "./inpaint-model.mjs";
import { COMPAT } from "./samplers.mjs";
import { schedulerNamed } from "./sigmas.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {Map<string, import("../read-set.mjs").Stored>} Tensors */
/** @typedef {import("@mezzotint/nodes-diffusion").Conditioning} Conditioning */

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
    if (kind === "two_controlnets") yield { name: run.name, needs: "ControlNet" };
    else if (!sampler || !scheduler) yield { name: run.name, needs: "every sampler" };
    else
      yield {
        name: run.name,
        compare: async () => {
          const { model, vae } = await open();
          const { samples } = await sampleLatent({
            model: kind === "inpaint9" ? await inpaintModel(set, model) : predicting(model, kind),
            inference,
            ...conditioningsOf(c, kind, io),
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
  if (!kind.startsWith("inpaint")) return { samples: empty(1) };
  return { samples: floats(io, "in.latent"), noise_mask: maskOf(io, "in.mask") };
}

/** A mask [1,1,H,W] as the product has them. @param {Tensors} io @param {string} name */
function maskOf(io, name) {
  const { dims, data } = floats(io, name);
  return { dims: [1, ...dims.slice(-2)], data };
}

/**
 * What a run is steered by.
 * @param {import("../read-set.mjs").Case} c @param {string} kind @param {Tensors} io
 * @returns {{ positive: Conditioning, negative: Conditioning }}
 */
function conditioningsOf(c, kind, io) {
  const [tokens, long] = [floats(io, "in.cond"), floats(io, "in.cond_long")];
  const negative = [{ tokens: floats(io, "in.uncond") }];
  const [height, width] = c.latent_hw;
  const half = Math.floor(width / 2);
  switch (kind) {
    case "long_prompt":
      return { positive: [{ tokens: long }], negative };
    case "area_combine": {
      const corner = { height: Math.floor(height / 2), width: half, y: 0, x: half };
      const strip = { height, width: half, y: 0, x: 2 };
      return {
        positive: [
          { tokens, strength: 1 },
          { tokens: windowOf(long, 0), area: corner, strength: 0.8 },
          { tokens: windowOf(long, 1), area: strip, strength: 1.3, range: { start: 0, end: 0.6 } },
        ],
        negative,
      };
    }
    case "cond_mask": {
      const { dims, data } = maskOf(io, "in.cond_mask");
      const rest = { dims, data: data.map((value) => 1 - value) };
      return {
        positive: [
          { tokens, mask: { pixels: { dims, data }, strength: 0.7, bounds: false } },
          { tokens: windowOf(long, 0), mask: { pixels: rest, strength: 1, bounds: false } },
        ],
        negative,
      };
    }
    case "inpaint9": {
      const inpaint = { latent: floats(io, "in.concat_latent"), mask: maskOf(io, "in.mask") };
      return { positive: [{ tokens, inpaint }], negative: negative.map((one) => ({ ...one, inpaint })) };
    }
    default:
      return { positive: [{ tokens }], negative };
  }
}

/** The hidden states [1,77,D] of one window of a long text. @param {import("@mezzotint/engine").Tensor} tokens @param {number} index */
function windowOf({ dims: [, , width = 0], data }, index) {
  return { dims: [1, 77, width], data: data.slice(index * 77 * width, (index + 1) * 77 * width) };
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
