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
    if (/inpaint/.test(run.name)) yield { name: run.name, needs: "inpainting models" };
    else if (!sampler) yield { name: run.name, needs: "every sampler" };
    else
      yield {
        name: run.name,
        compare: async () => {
          const networks = await open();
          const { noise, latents, image } = await generate(c, run, { ...networks, sampler, inference, io });
          const first = run.args.strength === undefined ? 0 : 1;
          return [
            { what: "noise", got: noise, want: tensor(io, `noise.${run.name}.${first}`).data, atol: 2e-6, rtol: 2e-6 },
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
 * One run. All its random numbers come from one generator, in diffusers' order: a sample of the encoded picture, the
 * starting noise, then a draw a step.
 * @param {import("../read-set.mjs").Case} c @param {any} run
 * @param {Awaited<ReturnType<typeof openNetworks>> & { sampler: import("@mezzotint/nodes-diffusion").Sampler,
 *   inference: Inference, io: Map<string, import("../read-set.mjs").Stored> }} means
 */
async function generate(c, { args, scheduler }, { model, vae, positive, negative, sampler, inference, io }) {
  const { scale } = model.latent;
  const drawn = torchGenerator(BigInt(c.seed));
  const dims = [1, model.latent.channels, ...c.latent_hw];
  const size = dims.reduce((a, b) => a * b);
  const planned = diffusersSchedule(
    { ...scheduler.config, _class_name: scheduler.class },
    sigmaTable(model.prediction),
    c.steps,
  );
  const fromImage = args.strength !== undefined;
  const samples = fromImage
    ? samplePosterior(await encodeImages(inference, vae, toPixels(floats(io, "in.image"))), drawn.randn(size))
    : { dims, data: new Float32Array(size) };
  const skipped = fromImage ? c.steps - Math.min(Math.trunc(c.steps * args.strength), c.steps) : 0;
  const noise = drawn.randn(size);
  const shrink = shrinkFor(scheduler.class);
  /** @type {number[]} */
  const latents = [];
  const result = await sampleSchedule({
    model,
    inference,
    positive: [{ tokens: positive }],
    negative: [{ tokens: negative }],
    latent: { samples },
    cfg: c.cfg,
    sampler,
    schedule: skipped > 0 ? skipSteps(planned, skipped) : planned,
    seed: BigInt(c.seed),
    noise: { dims, data: noise },
    draw: () => drawn.randn(size),
    // What a step starts with is what the step before it made.
    onStep: ({ index, sigma, x }) => {
      if (index > 0) latents.push(...x.map((value) => value * shrink(sigma)));
    },
  });
  latents.push(...result.samples.data.map((value) => value * scale));
  return { noise, latents, image: (await decodeLatents(inference, vae, result.samples)).data };
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
