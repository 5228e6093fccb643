import type { Preview } from "@mezzotint/engine";
import { expect, test, vi } from "vitest";
import { previewing } from "./previewing.js";

const picture: Preview = { mime: "image/jpeg", bytes: Uint8Array.of(1) };
const latent = [new Float32Array(4), [1, 4, 1, 1]] as const;

/** Offers as many steps as `costs`, each of this length; a drawing takes the step's cost. Says which were drawn. */
async function drawn(length: number, costs: readonly number[]): Promise<number[]> {
  let clock = 0;
  let index = 0;
  const steps: number[] = [];
  const context = { preview: () => void steps.push(index), signal: new AbortController().signal };
  const offer = previewing(
    context,
    async () => {
      clock += costs[index]!;
      return picture;
    },
    () => clock,
  );
  for (; index < costs.length; index++) {
    clock += length;
    await offer(...latent);
  }
  return steps;
}

const every = (count: number, cost: number) => Array.from({ length: count }, () => cost);

test("each step is drawn where that costs next to nothing", async () => {
  expect(await drawn(1000, every(10, 3))).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("each step of a quick run is drawn", async () => {
  expect(await drawn(15, every(20, 6))).toHaveLength(20);
});

test.each([3, 10, 50, 400])("drawings of %d ms take a fiftieth of a long run's time", async (cost) => {
  const steps = await drawn(40, every(2000, cost));
  // The first is not counted, and one may begin with what is left.
  const counted = (steps.length - 2) * cost - 200;
  const whole = 2000 * 40 + steps.length * cost;
  expect(counted).toBeLessThanOrEqual(whole * 0.02);
  expect(counted).toBeGreaterThan(whole * 0.02 - 2 * cost);
});

test("a slow first drawing, which loads what the others have too, is forgotten", async () => {
  expect(await drawn(15, [400, ...every(19, 6)])).toHaveLength(20);
});

test("what goes wrong ends the previews, with one warning, and not the run", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const preview = vi.fn();
  const render = vi.fn(() => Promise.reject(new Error("the latent is not a number")));
  const offer = previewing({ preview, signal: new AbortController().signal }, render);
  for (let step = 0; step < 3; step++) await offer(...latent);
  expect(render).toHaveBeenCalledTimes(1);
  expect(preview).not.toHaveBeenCalled();
  expect(warn).toHaveBeenCalledExactlyOnceWith("no more previews of this run: the latent is not a number");
  warn.mockRestore();
});

test("a cancelled run warns of nothing", async () => {
  const warn = vi.spyOn(process, "emitWarning").mockImplementation(() => undefined);
  const abort = new AbortController();
  const offer = previewing({ preview: () => undefined, signal: abort.signal }, () => {
    abort.abort();
    return Promise.reject(abort.signal.reason);
  });
  await offer(...latent);
  expect(warn).not.toHaveBeenCalled();
  warn.mockRestore();
});
