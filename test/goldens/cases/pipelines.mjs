// @ts-check
import { dirname } from "node:path";
import {
  decodeLatents,
  diffusersSchedule,
  encodeImages,
  encodeTokens,
  loadTokenizer,
  openCheckpoint,
  samplePosterior,
  sampleSchedule,
  sigmaTable,
  skipSteps,
  torchGenerator,
} from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";
import { encoderConfig } from "./clip.mjs";
import { DIFFUSERS_SAMPLERS, samplerNamed, shrinkFor } from "./diffusers-classes.mjs";
import { inpaintModel } from "./inpaint-model.mjs";
import { keepBetweenSteps } from "./keep-between-steps.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {import("@mezzotint/engine/onnx").Inference} Inference */

/** Whole runs of diffusers' pipelines on networks in folders: prompts, each step's latents, pictures. @type {Handler} */
export async function* pipelines(c, { set, inference }) {
  const io = await ioOf(c, set);
  const open = () => openNetworks(c, set, inference);
  yield {
    name: "prompts",
    compare: async () => {
      const { positive, negative } = await open();
      return [
        { what: "prompt", got: positive.data, want: tensor(io, "out.prompt_embeds").data, ...c.tolerance },
        { what: "negative", got: negative.data, want: tensor(io, "out.negative_embeds").data, ...c.tolerance },
      ];
    },
  };
  for (const run of c.runs) {
    const sampler = samplerNamed(DIFFUSERS_SAMPLERS[run.scheduler.class] ?? "");
    if (!sampler) yield { name: run.name, needs: "every sampler" };
    else
      yield {
        name: run.name,
        compare: async () => {
          const networks = await open();
          const inpainting = /inpaint9/.test(run.name) && (await inpaintModel(set, networks.model));
          const means = { ...networks, ...(inpainting && { model: inpainting }), sampler, inference, io };
          const { noise, drawn, latents, image } = await generate(c, run, means);
          return [
            { what: "noise", got: noise, want: tensor(io, `noise.${run.name}.${drawn}`).data, atol: 2e-6, rtol: 2e-6 },
            { what: "latents", got: latents, want: tensor(io, `out.${run.name}.latents`).data, ...c.tolerance },
            { what: "image", got: image, want: tensor(io, `out.${run.name}.image`).data, ...c.tolerance },
          ];
        },
      };
  }
}

/** @param {import("../read-set.mjs").Case} c @param {import("../read-set.mjs").GoldenSet} set @param {Inference} inference */
async function openNetworks(c, set, inference) {
  const { model } = await openCheckpoint(dirname(set.path(c.files.unet_diffusers)));
  const { vae } = await openCheckpoint(dirname(set.path(c.files.vae_diffusers)));
  const config = encoderConfig(await set.json("clip_full/config.json"));
  const { clip } = await openCheckpoint(set.path(c.files.checkpoint), { clip: config });
  const [encoder] = clip?.encoders ?? [];
  if (!model || !vae || !encoder) throw new Error("the set lacks a UNet, an autoencoder or a text encoder");
  const { encode } = await loadTokenizer(encoder);
  const { tokens: positive } = await encodeTokens(inference, encoder, encode(c.prompt));
  const { tokens: negative } = await encodeTokens(inference, encoder, encode(c.negative));
  return { model: { ...model, latent: { ...model.latent, scale: c.scaling_factor } }, vae, positive, negative };
}

/**
 * One run. All its random numbers come from one generator, in diffusers' order: a sample of the encoded picture where
 * the run starts from it or keeps a part of it, the starting noise, a sample of the masked picture, then a draw a step.
 * @param {import("../read-set.mjs").Case} c @param {any} run
 * @param {Awaited<ReturnType<typeof openNetworks>> & { sampler: import("@mezzotint/nodes-diffusion").Sampler,
 *   inference: Inference, io: Map<string, import("../read-set.mjs").Stored> }} means
 */
async function generate(c, { name, args, scheduler }, { model, vae, positive, negative, sampler, inference, io }) {
  const { scale } = model.latent;
  const drawn = torchGenerator(BigInt(c.seed));
  const dims = [1, model.latent.channels, ...c.latent_hw];
  const size = dims.reduce((a, b) => a * b);
  const schedule = scheduleOf(c, { args, scheduler }, model);
  const shrink = shrinkFor(scheduler.class);
  /** @param {import("@mezzotint/engine").Tensor} picture */
  const encode = async (picture) => samplePosterior(await encodeImages(inference, vae, picture), drawn.randn(size));

  const masked = /inpaint/.test(name);
  const shown = model.takes.channels > model.latent.channels;
  const picture = args.strength === undefined || shown ? undefined : await encode(toPixels(floats(io, "in.image")));
  const noise = drawn.randn(size);
  const told = masked ? { latent: await encode(toPixels(greyed(io))), mask: cellsOf(io, c.latent_hw) } : undefined;
  const inpaint = shown && told ? { inpaint: told } : {};
  const kept = masked && !shown && told && picture;

  /** @type {number[]} */
  const latents = [];
  const { output } = await sampleSchedule({
    guider: {
      model,
      positive: [{ tokens: positive, ...inpaint }],
      negative: [{ tokens: negative, ...inpaint }],
      cfg: c.cfg,
    },
    inference,
    latent: { samples: picture && !masked ? picture : { dims, data: new Float32Array(size) } },
    sampler: kept
      ? keepBetweenSteps(sampler, {
          mask: Float32Array.from({ length: size }, (_, i) => Number(told.mask.data[i % told.mask.data.length])),
          latent: picture.data.map((value) => value * scale),
          noise,
          end: schedule.end,
        })
      : sampler,
    schedule,
    seed: BigInt(c.seed),
    noise: { dims, data: noise },
    draw: () => drawn.randn(size),
    // What a step starts with is what the step before it made.
    onStep: ({ index, sigma, x }) => {
      if (index > 0) latents.push(...x.map((value) => value * shrink(sigma)));
    },
  });
  latents.push(...output.samples.data.map((value) => value * scale));
  const image = (await decodeLatents(inference, vae, output.samples)).data;
  return { noise, drawn: picture ? 1 : 0, latents, image };
}

/** @param {import("../read-set.mjs").Case} c @param {any} run @param {import("@mezzotint/nodes-diffusion").Model} model */
function scheduleOf(c, { args, scheduler }, model) {
  const config = { ...scheduler.config, _class_name: scheduler.class };
  const planned = diffusersSchedule(config, sigmaTable(model.prediction), c.steps);
  const skipped = args.strength === undefined ? 0 : c.steps - Math.min(Math.trunc(c.steps * args.strength), c.steps);
  return skipped > 0 ? skipSteps(planned, skipped) : planned;
}

/** The set's picture [1,C,H,W], grey where its mask selects. @param {Map<string, import("../read-set.mjs").Stored>} io */
function greyed(io) {
  const [{ dims, data }, mask] = [floats(io, "in.image"), floats(io, "in.mask").data];
  return { dims, data: data.map((value, i) => (Number(mask[i % mask.length]) < 0.5 ? value : 0.5)) };
}

/**
 * The set's mask at the latents' size, as diffusers has it: the pixel at each cell's upper left.
 * @param {Map<string, import("../read-set.mjs").Stored>} io @param {readonly [height: number, width: number]} size
 */
function cellsOf(io, [height, width]) {
  const { dims, data } = floats(io, "in.mask");
  const [rows = 0, columns = 0] = dims.slice(-2);
  const pixel = (/** @type {number} */ i) =>
    Math.floor(Math.floor(i / width) * (rows / height)) * columns + Math.floor((i % width) * (columns / width));
  const cells = Float32Array.from({ length: height * width }, (_, i) => (Number(data[pixel(i)]) < 0.5 ? 0 : 1));
  return { dims: [1, height, width], data: cells };
}

/**
 * The runs' tensors. Manifests name the file of the ComfyUI runs here as well (their `files` are one object in the
 * generator); then the right one lies beside it.
 * @param {import("../read-set.mjs").Case} c @param {import("../read-set.mjs").GoldenSet} set
 */
async function ioOf(c, set) {
  return set.tensors(c.files.io?.replace(/comfy\.safetensors$/, "diffusers.safetensors"));
}

/** A picture [1,C,H,W] as [1,H,W,C]. @param {import("@mezzotint/engine").Tensor} planes */
function toPixels({ dims: [, channels = 0, height = 0, width = 0], data }) {
  const plane = height * width;
  return {
    dims: [1, height, width, channels],
    data: Float32Array.from(data, (_, i) => Number(data[(i % channels) * plane + Math.floor(i / channels)])),
  };
}
