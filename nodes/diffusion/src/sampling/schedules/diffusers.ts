import type { SigmaTable } from "../sigma-table.js";
import { karras } from "./karras.js";
import { linspace, type Schedule } from "./schedule.js";

/** What a diffusers `scheduler_config.json` says about noise levels, in its own words; absent keys have its defaults. */
export interface DiffusersScheduler {
  readonly _class_name:
    | "DDIMScheduler"
    | "EulerDiscreteScheduler"
    | "EulerAncestralDiscreteScheduler"
    | "DPMSolverMultistepScheduler";
  readonly timestep_spacing?: "leading" | "linspace" | "trailing";
  readonly steps_offset?: number;
  readonly set_alpha_to_one?: boolean;
  readonly use_karras_sigmas?: boolean;
  readonly final_sigmas_type?: "zero" | "sigma_min";
}

/**
 * The run that diffusers plans for a pipeline with this scheduler. DDIM goes with the sampler `ddim`, the Euler classes
 * with `euler` and `euler_ancestral`, DPM-Solver with `dpmpp_2m`. The spacings are table 2 of Lin et al. 2023. Throws
 * on what those samplers cannot follow.
 */
export function diffusersSchedule(scheduler: DiffusersScheduler, table: SigmaTable, steps: number): Schedule {
  const trained = table.sigmas.length;
  if (!Number.isInteger(steps) || steps < 1 || steps > trained) {
    throw new RangeError(`${steps} steps of ${trained} training steps: an integer from 1 to ${trained} was expected`);
  }
  switch (scheduler._class_name) {
    case "DDIMScheduler":
      return ddim(scheduler, table, steps);
    case "EulerDiscreteScheduler":
    case "EulerAncestralDiscreteScheduler":
      return euler(scheduler, table, steps);
    case "DPMSolverMultistepScheduler":
      return dpmSolver(scheduler, table, steps);
    default:
      throw new Error(`no schedule is known for diffusers' ${scheduler._class_name satisfies never}`);
  }
}

function ddim(scheduler: DiffusersScheduler, table: SigmaTable, steps: number): Schedule {
  const {
    timestep_spacing: spacing = "leading",
    steps_offset: offset = 0,
    set_alpha_to_one: toZero = true,
  } = scheduler;
  const trained = table.sigmas.length;
  const timesteps = spaced(spacing, trained, steps, offset).map(roundToEven);
  // DDIM steps down by a whole stride, wherever the list goes next; only spacings that agree are one chain of levels.
  const stride = Math.floor(trained / steps);
  if (timesteps.some((step, i) => (i + 1 < steps ? step - stride !== timesteps[i + 1] : step - stride >= 0))) {
    throw new Error(`DDIM in ${steps} steps with ${spacing} spacing does not follow its own timesteps; use leading`);
  }
  const last = toZero ? 0 : table.smallest;
  return whole(Float32Array.of(...levels(table, timesteps), last), timesteps);
}

function euler(scheduler: DiffusersScheduler, table: SigmaTable, steps: number): Schedule {
  const { timestep_spacing: spacing = "linspace", steps_offset: offset = 0 } = scheduler;
  if (scheduler.use_karras_sigmas) {
    const sigmas = karras(table, steps);
    return {
      sigmas,
      timesteps: sigmas.subarray(0, steps).map((sigma) => between(table, sigma)),
      noise: sigmas[0]!,
      end: 1,
    };
  }
  const exact = spaced(spacing, table.sigmas.length, steps, offset);
  const timesteps = spacing === "trailing" ? exact.map(roundToEven) : exact;
  const sigmas = Float32Array.of(...levels(table, timesteps), 0);
  const largest = sigmas[0]!;
  return { sigmas, timesteps, noise: spacing === "leading" ? Math.sqrt(largest ** 2 + 1) : largest, end: 1 };
}

function dpmSolver(scheduler: DiffusersScheduler, table: SigmaTable, steps: number): Schedule {
  const {
    timestep_spacing: spacing = "linspace",
    steps_offset: offset = 0,
    final_sigmas_type: final = "zero",
  } = scheduler;
  const last = final === "zero" ? 0 : table.smallest;
  if (scheduler.use_karras_sigmas) {
    const sigmas = karras(table, steps);
    sigmas[steps] = last;
    return whole(
      sigmas,
      sigmas.subarray(0, steps).map((sigma) => roundToEven(between(table, sigma))),
    );
  }
  // Except for `trailing`, one timestep more is spaced and the last left out.
  const count = spacing === "trailing" ? steps : steps + 1;
  const timesteps = spaced(spacing, table.sigmas.length, count, offset).subarray(0, steps).map(roundToEven);
  return whole(Float32Array.of(...levels(table, timesteps), last), timesteps);
}

/** A schedule of the classes whose latents keep variance one: they start and end scaled to that. */
function whole(sigmas: Float32Array, timesteps: Float32Array): Schedule {
  const size = (sigma: number): number => Math.sqrt(1 + sigma ** 2);
  return { sigmas, timesteps, noise: size(sigmas[0]!), end: 1 / size(sigmas[sigmas.length - 1]!) };
}

/** Timesteps from late to early. */
function spaced(
  spacing: "leading" | "linspace" | "trailing",
  trained: number,
  steps: number,
  offset: number,
): Float32Array {
  switch (spacing) {
    case "linspace":
      return linspace(0, trained - 1, steps).reverse();
    case "leading":
      return Float32Array.from({ length: steps }, (_, i) => (steps - 1 - i) * Math.floor(trained / steps) + offset);
    case "trailing":
      return Float32Array.from({ length: steps }, (_, i) => trained - (i * trained) / steps - 1);
  }
}

/** Sigmas at timesteps, those in between by interpolating sigma itself (not its logarithm, as elsewhere). */
function levels({ sigmas }: SigmaTable, timesteps: Float32Array): Float32Array {
  return timesteps.map((step) => {
    const inside = Math.min(Math.max(step, 0), sigmas.length - 1);
    const [low, high] = [sigmas[Math.floor(inside)]!, sigmas[Math.ceil(inside)]!];
    return low + (high - low) * (inside % 1);
  });
}

/** The timestep, with its fraction, at which log sigma interpolates to this one's. */
function between({ logs }: SigmaTable, sigma: number): number {
  const log = Math.log(Math.max(sigma, 1e-10));
  const above = logs.findIndex((other) => other > log);
  const low = above === -1 ? logs.length - 2 : Math.max(above - 1, 0);
  const part = (log - logs[low]!) / (logs[low + 1]! - logs[low]!);
  return low + Math.min(Math.max(part, 0), 1);
}

/** The nearest integer, halves to the even one, as numpy rounds. */
const roundToEven = (value: number): number =>
  Math.abs(value % 1) === 0.5 ? 2 * Math.round(value / 2) : Math.round(value);
