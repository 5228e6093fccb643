// @ts-check
import {
  diffusersSchedule,
  sigmaAt,
  sigmaAtPercent,
  sigmaTable,
  solve,
  torchGenerator,
} from "@mezzotint/nodes-diffusion";
import { floats, tensor } from "../read-set.mjs";
import { DIFFUSERS_SAMPLERS, samplerNamed, shrinkFor } from "./diffusers-classes.mjs";
import { predictionOf } from "./sigmas.mjs";
import { toyDenoiser } from "./toy.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** diffusers' schedulers on a network whose answer is known in closed form, as far as the product follows them. @type {Handler} */
export async function* diffusersSchedulers(c, { set }) {
  const io = await set.tensors(c.files.io);
  for (const entry of c.entries) {
    if (entry.error !== undefined) continue;
    if (!follows(entry)) yield { name: entry.key, needs: "schedulers by diffusers' names" };
    else yield { name: entry.key, compare: () => walk(c, entry, io) };
  }
}

/** Whether one of the product's samplers is what an entry's scheduler does. @param {any} entry */
function follows({ scheduler, config, step_args: extra }) {
  if (samplerNamed(DIFFUSERS_SAMPLERS[scheduler] ?? "") === undefined || Object.keys(extra ?? {}).length > 0)
    return false;
  const plain = !config.clip_sample && !config.thresholding;
  return plain && (config.algorithm_type ?? "dpmsolver++") === "dpmsolver++" && (config.solver_order ?? 2) === 2;
}

/** @param {import("../read-set.mjs").Case} c @param {any} entry @param {Map<string, import("../read-set.mjs").Stored>} io */
async function walk(c, { scheduler, config, prediction, steps, key, seed }, io) {
  const table = sigmaTable(predictionOf("eps"));
  const schedule = diffusersSchedule({ ...config, _class_name: scheduler }, table, steps);
  const levels = new Map(Array.from(schedule.timesteps ?? [], (t, i) => [schedule.sigmas[i], sigmaAt(table, t)]));
  const denoise = toyDenoiser({
    mixture: c.toy,
    means: floats(io, "in.toy.m_pos").data,
    prediction: { ...predictionOf("eps"), type: prediction },
    told: (sigma) => levels.get(sigma) ?? sigma,
  });
  const noise = floats(io, "in.noise").data;
  const drawn = torchGenerator(BigInt(seed));
  const shrink = shrinkFor(scheduler);
  const stepping = solve({
    sampler: /** @type {import("@mezzotint/nodes-diffusion").Sampler} */ (
      samplerNamed(DIFFUSERS_SAMPLERS[scheduler] ?? "")
    ),
    schedule,
    denoise: async (x, sigma) => denoise(x, sigma),
    sigmaAtPercent: (percent) => sigmaAtPercent(table, percent),
    latent: new Float32Array(noise.length),
    noise,
    seed: BigInt(seed),
    draw: () => drawn.randn(noise.length),
  });
  /** @type {number[]} */
  const got = [];
  for (;;) {
    const step = await stepping.next();
    if (step.done) {
      got.push(...step.value);
      break;
    }
    const { x, sigma } = step.value;
    got.push(...x.map((value) => value * shrink(sigma)));
  }
  return [
    { what: "timesteps", got: schedule.timesteps ?? [], want: tensor(io, `out.${key}.timesteps`).data, ...c.tolerance },
    { what: "x", got, want: tensor(io, `out.${key}.x`).data, ...c.tolerance },
  ];
}
