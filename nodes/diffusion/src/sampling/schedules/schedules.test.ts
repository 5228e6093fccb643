import { describe, expect, test } from "vitest";
import { sigmaTable } from "../sigma-table.js";
import { type DiffusersScheduler, diffusersSchedule } from "./diffusers.js";
import { incompleteBeta } from "./incomplete-beta.js";
import { chooseSigmas, karrasLevels, type SchedulerName, schedulers, skipSteps } from "./index.js";

const trained = {
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
} as const;
const table = sigmaTable({ ...trained, zeroTerminalSnr: false });
const zeroTerminal = sigmaTable({ ...trained, zeroTerminalSnr: true });
const names = Object.keys(schedulers) as SchedulerName[];

describe.each(names)("%s", (name) => {
  const scheduler = schedulers[name];

  test.each([2, 5, 20, 100])("in %d steps falls from within the table to 0", (steps) => {
    for (const of of [table, zeroTerminal]) {
      const sigmas = scheduler(of, steps);
      expect(sigmas.at(-1)).toBe(0);
      expect(sigmas[0]).toBeLessThanOrEqual(of.largest * (1 + 1e-5));
      expect(sigmas.every((sigma, i) => i === 0 || sigma < sigmas[i - 1]!)).toBe(true);
    }
  });

  test("a smaller denoise is the end of a longer run", () => {
    const part = chooseSigmas(table, { scheduler, steps: 6, denoise: 0.3 });
    expect(part).toHaveLength(7);
    expect([...part]).toEqual([...scheduler(table, 20)].slice(-7));
  });

  test("without the level before 0 there are as many steps, and the last is longer", () => {
    const plain = chooseSigmas(table, { scheduler, steps: 8 });
    const without = chooseSigmas(table, { scheduler, steps: 8, discardPenultimate: true });
    const longer = [...scheduler(table, 9)];
    expect([...without]).toEqual([...longer.slice(0, -2), 0]);
    if (name !== "ddim_uniform") expect(without).toHaveLength(plain.length);
  });
});

test.each(names.filter((name) => name !== "ddim_uniform"))(
  "%s takes the steps it is asked for, from the largest level",
  (name) => {
    const sigmas = schedulers[name](table, 20);
    expect(sigmas).toHaveLength(21);
    expect(sigmas[0]).toBeCloseTo(table.largest, 4);
  },
);

test.each([
  [1e9, 1],
  [20, 1e-5],
  [20, Number.NaN],
  [Number.NaN, 1],
  [-1, 1],
])("%d steps at denoise %d, which a link may bring, are refused", (steps, denoise) => {
  expect(() => chooseSigmas(table, { scheduler: schedulers.simple, steps, denoise })).toThrow("100000 can be planned");
  if (denoise === 1) expect(() => karrasLevels(table, steps)).toThrow(RangeError);
});

test("even levels are even where they say", () => {
  const even = (values: number[]) => {
    const gaps = values.slice(1).map((value, i) => value - values[i]!);
    for (const gap of gaps) expect(gap).toBeCloseTo(gaps[0]!, 4);
  };
  even([...schedulers.karras(table, 10)].slice(0, -1).map((sigma) => sigma ** (1 / 7)));
  even([...schedulers.exponential(table, 10)].slice(0, -1).map(Math.log));
  even([...schedulers.kl_optimal(table, 10)].slice(0, -1).map(Math.atan));
});

test("nothing is left of a run without denoise", () => {
  expect(chooseSigmas(table, { scheduler: schedulers.normal, steps: 20, denoise: 0 })).toHaveLength(0);
});

test("an absurdly long run is refused before it is planned", () => {
  expect(() => chooseSigmas(table, { scheduler: schedulers.normal, steps: 10_000, denoise: 0.0001 })).toThrow(
    "10000 steps at denoise 0.0001",
  );
});

test("the incomplete beta function: closed forms, symmetry, ends", () => {
  for (const x of [0.01, 0.3, 0.5, 0.9, 0.999]) {
    expect(incompleteBeta(x, 0.5, 0.5)).toBeCloseTo((2 / Math.PI) * Math.asin(Math.sqrt(x)), 12);
    expect(incompleteBeta(x, 3, 1)).toBeCloseTo(x ** 3, 12);
    expect(incompleteBeta(x, 0.6, 2.5)).toBeCloseTo(1 - incompleteBeta(1 - x, 2.5, 0.6), 12);
  }
  expect([incompleteBeta(0, 2, 3), incompleteBeta(1, 2, 3)]).toEqual([0, 1]);
});

describe("diffusers", () => {
  const ddim: DiffusersScheduler = { _class_name: "DDIMScheduler", steps_offset: 1, set_alpha_to_one: false };

  test("DDIM leads with an offset, and stops at the table's first level with the variance it started with", () => {
    const { sigmas, timesteps, noise, end } = diffusersSchedule(ddim, table, 8);
    expect([...timesteps!]).toEqual([876, 751, 626, 501, 376, 251, 126, 1]);
    expect(sigmas[0]).toBe(table.sigmas[876]);
    expect(sigmas.at(-1)).toBe(table.smallest);
    expect(noise).toBeCloseTo(Math.hypot(1, sigmas[0]!), 6);
    expect(end).toBeCloseTo(1 / Math.hypot(1, table.smallest), 6);
  });

  test.each([
    ["EulerDiscreteScheduler", {}, [999, 666, 333, 0]],
    ["EulerAncestralDiscreteScheduler", { timestep_spacing: "trailing" }, [999, 749, 499, 249]],
    ["DPMSolverMultistepScheduler", {}, [999, 749, 500, 250]],
  ] as const)("%s with %j", (_class_name, config, want) => {
    const { sigmas, timesteps } = diffusersSchedule({ _class_name, ...config }, table, 4);
    expect([...timesteps!]).toEqual(want);
    expect([...sigmas]).toEqual([...want.map((step) => table.sigmas[step]), 0]);
  });

  test.each(["EulerDiscreteScheduler", "DPMSolverMultistepScheduler"] as const)(
    "%s has Karras' levels when it says so",
    (_class_name) => {
      const { sigmas, timesteps } = diffusersSchedule({ _class_name, use_karras_sigmas: true }, table, 10);
      expect(sigmas).toEqual(schedulers.karras(table, 10));
      expect(timesteps![0]).toBe(999);
      expect(timesteps![9]).toBeCloseTo(0, 4);
    },
  );

  test("DDIM is refused where its steps leave its timesteps", () => {
    expect(() => diffusersSchedule({ ...ddim, timestep_spacing: "linspace" }, table, 7)).toThrow("use leading");
  });

  test.each([0, 1001, 2.5])("%d steps are refused", (steps) => {
    expect(() => diffusersSchedule(ddim, table, steps)).toThrow("from 1 to 1000");
  });

  test("skipped steps leave the rest, and noise as strong as its level", () => {
    const schedule = diffusersSchedule(ddim, table, 8);
    const rest = skipSteps(schedule, 2);
    expect([...rest.timesteps!]).toEqual([626, 501, 376, 251, 126, 1]);
    expect(rest.noise).toBe(table.sigmas[626]);
    expect(rest.end).toBe(schedule.end);
  });
});
