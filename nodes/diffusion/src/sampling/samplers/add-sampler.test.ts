import { expect, test } from "vitest";
import { addScheduler, schedulerNamed, schedulerNames, schedulers } from "../schedules/index.js";
import { addSampler, samplerNamed, samplerNames, samplers } from "./index.js";

const pack = { name: "my-pack", version: "1.0.0" };

test("a pack's sampler joins the list", () => {
  const lazy = { run: samplers.euler.run };
  addSampler("lazy_euler", lazy, pack);
  expect(samplerNames()).toEqual([...Object.keys(samplers), "lazy_euler"]);
  expect(samplerNamed("lazy_euler")).toBe(lazy);
  expect(() => addSampler("lms", lazy, pack)).toThrow("both bring a sampler named lms");
  expect(() => addSampler("nothing", {} as never, pack)).toThrow("no function `run`");
});

test("a pack's scheduler joins the list", () => {
  addScheduler("backwards", schedulers.karras, pack);
  expect(schedulerNames()).toEqual([...Object.keys(schedulers), "backwards"]);
  expect(schedulerNamed("backwards")).toBe(schedulers.karras);
  expect(() => addScheduler("simple", schedulers.karras, pack)).toThrow("both bring a scheduler named simple");
  expect(() => addScheduler("nothing", "simple" as never, pack)).toThrow("is no function");
});
