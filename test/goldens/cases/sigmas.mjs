// @ts-check
import { chooseSigmas, schedulers, sigmaAt, sigmaAtPercent, sigmaTable, stepAt } from "@mezzotint/nodes-diffusion";
import { tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {import("@mezzotint/nodes-diffusion").Prediction} Prediction */

/** The samplers that plan one level more than they take. */
const DISCARDING = ["dpm_2", "dpm_2_ancestral", "uni_pc", "uni_pc_bh2"];

/** The models that the sets name, all trained as Stable Diffusion was. @param {string} kind @param {boolean} [zsnr] @returns {Prediction} */
export const predictionOf = (kind, zsnr = false) => ({
  type: kind === "eps" ? "epsilon" : "v_prediction",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: zsnr,
});

const TABLES = /** @type {Record<string, Prediction>} */ ({
  eps: predictionOf("eps"),
  v_zsnr: predictionOf("v", true),
});

/** A scheduler of the product by the name that workflows use, if it has it. @param {string} name */
export const schedulerNamed = (name) =>
  /** @type {Record<string, import("@mezzotint/nodes-diffusion").Scheduler>} */ (schedulers)[name];

/** The noise levels of every scheduler, and what they are looked up in. @type {Handler} */
export async function* sigmas(c, { set }) {
  const expected = await set.tensors(c.files.expected);
  /** @param {string} name @param {ArrayLike<number>} got */
  const against = (name, got) => ({ what: name, got, want: tensor(expected, name).data, ...c.tolerance });
  for (const [label, prediction] of Object.entries(TABLES))
    yield {
      name: `table ${label}`,
      compare: () => {
        const table = sigmaTable(prediction);
        return [against(`table.${label}.sigmas`, table.sigmas), against(`table.${label}.log_sigmas`, table.logs)];
      },
    };
  const table = sigmaTable(predictionOf("eps"));
  yield {
    name: "percent_to_sigma",
    compare: () => [
      against(
        "percent_to_sigma",
        c.percent_to_sigma.map((/** @type {number} */ p) => sigmaAtPercent(table, p)),
      ),
    ],
  };
  yield {
    name: "sigma_at_fractional_t",
    compare: () => [
      against(
        "sigma_at_fractional_t",
        c.fractional_t.map((/** @type {number} */ t) => sigmaAt(table, t)),
      ),
    ],
  };
  for (const { key, error, model, scheduler: name, steps, denoise, sampler, timesteps_key } of c.entries) {
    if (error !== undefined) continue;
    const scheduler = schedulerNamed(name);
    const prediction = TABLES[model];
    if (!scheduler || !prediction) yield { name: key, needs: "every scheduler" };
    else
      yield {
        name: key,
        compare: () => {
          const own = sigmaTable(prediction);
          const discardPenultimate = DISCARDING.includes(sampler);
          const got = chooseSigmas(own, { scheduler, steps, denoise, discardPenultimate });
          const told = Array.from(
            got.filter((sigma) => sigma > 0),
            (sigma) => stepAt(own, sigma),
          );
          return [against(key, got), ...(timesteps_key === undefined ? [] : [against(timesteps_key, told)])];
        },
      };
  }
}
