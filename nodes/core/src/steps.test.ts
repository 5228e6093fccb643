import { describe, expect, test } from "vitest";
import { finished, paced, type Steps } from "./steps.js";

function* counting(to: number, counted: { now: number }): Steps<string> {
  for (; counted.now < to; counted.now++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    yield;
  }
  return `counted to ${to}`;
}

describe("a computation in steps", () => {
  test("has the same result at once and paced", async () => {
    const { signal } = new AbortController();
    expect(finished(counting(3, { now: 0 }))).toBe("counted to 3");
    expect(await paced(counting(3, { now: 0 }), { signal })).toBe("counted to 3");
  });

  test("lets timers run meanwhile, and ends with the reason of an abort", async () => {
    const abort = new AbortController();
    const counted = { now: 0 };
    setTimeout(() => abort.abort(new Error("enough")), 5);
    await expect(paced(counting(10_000, counted), abort)).rejects.toThrow("enough");
    expect(counted.now).toBeLessThan(10_000);
  });
});
