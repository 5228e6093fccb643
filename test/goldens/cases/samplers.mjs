// @ts-check
import {
  chooseSigmas,
  guide,
  needsNegative,
  partOf,
  sigmaAt,
  sigmaAtPercent,
  sigmaTable,
  solve,
  startingNoise,
  stepAt,
} from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";
import { samplerNamed } from "./diffusers-classes.mjs";
import { predictionOf, schedulerNamed } from "./sigmas.mjs";
import { toyDenoiser } from "./toy.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {import("@mezzotint/nodes-diffusion").Sampler} Sampler */
/** @typedef {Map<string, import("../read-set.mjs").Stored>} Tensors */

/** The release of ComfyUI that the sets were made with: it starts fresh noise from the seed itself. */
export const COMPAT = "0.3.64";

/** Every sampler on a network whose answer is known in closed form. @type {Handler} */
export async function* toySamplers(c, { set }) {
  const io = await set.tensors(c.files.io);
  for (const entry of c.entries) {
    if (entry.error !== undefined) continue;
    const sampler = samplerNamed(entry.sampler);
    const scheduler = schedulerNamed(entry.scheduler);
    if (!sampler || !scheduler) yield { name: entry.key, needs: "every sampler" };
    else if (entry.split !== undefined)
      yield { name: entry.key, compare: () => inTwoParts(c, entry, { io, sampler, scheduler }) };
    else yield { name: entry.key, compare: () => whole(c, entry, { io, sampler, scheduler }) };
  }
}

/**
 * @typedef {{ io: Tensors, sampler: Sampler, scheduler: import("@mezzotint/nodes-diffusion").Scheduler }} Means
 * @param {import("../read-set.mjs").Case} c @param {any} entry @param {Means} means
 */
async function whole(c, entry, { io, sampler, scheduler }) {
  const { key, atol } = entry;
  const { rtol } = c.tolerance;
  const run = prepare(c, entry, { io, sampler, scheduler });
  const start = floats(io, entry.start === "latent" ? "in.latent" : "in.noise");
  const latent = entry.start === "latent" ? start.data : new Float32Array(start.data.length);
  const { final, x, denoised } = await run(
    run.sigmas,
    latent,
    floats(io, "in.noise").data,
    entry.mask && latentMask(io),
  );
  const steps = io.has(`out.${key}.x`)
    ? [
        {
          what: "x",
          got: shownBy(entry.sampler, x, final, run.sigmas),
          want: tensor(io, `out.${key}.x`).data,
          atol,
          rtol,
        },
        { what: "denoised", got: denoised, want: tensor(io, `out.${key}.denoised`).data, atol, rtol },
      ]
    : [];
  return [
    { what: "sigmas", got: run.sigmas, want: tensor(io, entry.sigmas_key).data, atol: 1e-6, rtol: 2e-5 },
    { what: "final", got: final, want: tensor(io, `out.${key}.final`).data, atol, rtol },
    ...steps,
  ];
}

/** A run that stops with noise left, and another that goes on from there. @param {import("../read-set.mjs").Case} c @param {any} entry @param {Means} means */
async function inTwoParts(c, entry, { io, sampler, scheduler }) {
  const run = prepare(c, entry, { io, sampler, scheduler });
  const noise = floats(io, "in.noise").data;
  const zeros = new Float32Array(noise.length);
  const levels = (/** @type {number} */ start, /** @type {number} */ end) =>
    partOf(run.sigmas, { start, end, leftoverNoise: true });
  const first = await run(levels(0, entry.split), zeros, noise);
  const second = await run(levels(entry.split, run.sigmas.length), first.final, zeros);
  // The manifest gives these entries no tolerance of their own: the same run in one part has it.
  const same = c.entries.find((/** @type {any} */ e) => e.key === `${entry.sampler}.${entry.scheduler}.${entry.model}`);
  const tolerance = { atol: same?.atol ?? 1e-4, rtol: c.tolerance.rtol };
  return [
    { what: "first", got: first.final, want: tensor(io, `out.${entry.key}.first`).data, ...tolerance },
    { what: "second", got: second.final, want: tensor(io, `out.${entry.key}.second`).data, ...tolerance },
  ];
}

/** @param {import("../read-set.mjs").Case} c @param {any} entry @param {Means} means */
function prepare(c, { model, zsnr, discrete_timestep, cfg, steps, denoise = 1, seed }, { io, sampler, scheduler }) {
  const prediction = predictionOf(model, zsnr);
  const table = sigmaTable(prediction);
  const { discardPenultimate = false } = sampler;
  const sigmas = chooseSigmas(table, { scheduler, steps, denoise, discardPenultimate });
  const nearest = (/** @type {number} */ sigma) => sigmaAt(table, stepAt(table, sigma));
  const toy = { mixture: c.toy, prediction, told: discrete_timestep ? nearest : undefined };
  const positive = toyDenoiser({ ...toy, means: floats(io, "in.toy.m_pos").data });
  const negative = toyDenoiser({ ...toy, means: floats(io, "in.toy.m_neg").data });

  /** @param {Float32Array} levels @param {Float32Array} latent @param {Float32Array} noise @param {Float32Array} [mask] */
  async function run(levels, latent, noise, mask) {
    const stepping = solve({
      sampler,
      schedule: { sigmas: levels, noise: startingNoise(levels[0] ?? 0, table.largest), end: 1 },
      denoise: async (x, sigma) =>
        needsNegative(cfg) ? guide(cfg, positive(x, sigma), negative(x, sigma)) : positive(x, sigma),
      denoiseBoth: async (x, sigma) => {
        const uncond = negative(x, sigma);
        return { denoised: guide(cfg, positive(x, sigma), uncond), uncond };
      },
      sigmaAtPercent: (percent) => sigmaAtPercent(table, percent),
      latent,
      noise,
      ...(mask && { mask }),
      seed: BigInt(seed),
      compat: COMPAT,
    });
    /** @type {Float32Array[]} */
    const x = [];
    /** @type {number[]} */
    const denoised = [];
    for (;;) {
      const step = await stepping.next();
      if (step.done) return { final: step.value, x, denoised };
      x.push(step.value.x);
      denoised.push(...step.value.denoised);
    }
  }
  return Object.assign(run, { sigmas });
}

/**
 * The latents that ComfyUI's callback shows, of those that stood before each step: most samplers show these, some the
 * one they started from, one those after each step, and UniPC its own, of variance one, the last of them the result.
 * @param {string} sampler @param {readonly Float32Array[]} x @param {Float32Array} final @param {ArrayLike<number>} sigmas
 */
function shownBy(sampler, x, final, sigmas) {
  const flat = (/** @type {readonly (Float32Array | undefined)[]} */ latents) =>
    latents.flatMap((latent) => [...(latent ?? [])]);
  if (["ipndm", "ipndm_v", "deis"].includes(sampler)) return flat(x.map(() => x[0]));
  if (sampler === "dpm_adaptive") return flat([...x.slice(1), final]);
  if (!sampler.startsWith("uni_pc")) return flat(x);
  const unit = x.slice(0, -1).map((latent, i) => latent.map((value) => value / Math.hypot(1, Number(sigmas[i]))));
  return flat([...unit, final]);
}

/** The set's mask for every channel of the latent. @param {Tensors} io */
function latentMask(io) {
  const mask = floats(io, "in.mask").data;
  const { length } = floats(io, "in.latent").data;
  return Float32Array.from({ length }, (_, i) => Number(mask[i % mask.length]));
}
