import { describe, expect, test } from "vitest";
import { random } from "../../test/host.js";
import type { Condition } from "../sockets.js";
import { placeConditions } from "./conditions.js";
import { sigmaAtPercent, sigmaTable } from "./sigma-table.js";

const table = sigmaTable({
  type: "epsilon",
  schedule: "scaled_linear",
  betaStart: 0.00085,
  betaEnd: 0.012,
  trainSteps: 1000,
  zeroTerminalSnr: false,
});
const DIMS = [1, 4, 16, 24];
const [sky, sea, ship, fog] = [1, 2, 3, 4].map((seed) => ({ tokens: random([1, 3, 6], seed) })) as [
  Condition,
  Condition,
  Condition,
  Condition,
];
const at = (height: number, width: number, y: number, x: number) => ({ area: { height, width, y, x } });
const place = (...sides: Condition[][]) => placeConditions(sides, DIMS, table);
const told = (side: readonly { readonly told: Condition }[] | undefined) => side?.map((one) => one.told.tokens);

describe("a condition", () => {
  test("holds everywhere and always unless it says otherwise", () => {
    expect(place([sky])).toEqual([[{ told: sky, weight: 1, sigmas: [Number.POSITIVE_INFINITY, 0] }]]);
  });

  test("holds between the noise levels of its range", () => {
    const [side] = place([{ ...sky, range: { start: 0.2, end: 0.7 } }]);
    expect(side?.[0]?.sigmas).toEqual([sigmaAtPercent(table, 0.2), sigmaAtPercent(table, 0.7)]);
  });

  test("is left out when its strength or its mask is nothing", () => {
    const mask = { pixels: { dims: [1, 4, 4], data: new Float32Array(16) }, strength: 1, bounds: true };
    expect(place([{ ...sky, strength: 0 }, sea, { ...ship, mask }]).map(told)).toEqual([[sea.tokens]]);
  });

  test("with a mask may be shown the rectangle around it, which takes an area's place", () => {
    const pixels = { dims: [1, 16, 24], data: new Float32Array(384) };
    pixels.data[3 * 24 + 5] = 1;
    pixels.data[13 * 24 + 20] = 1;
    const window = (bounds: boolean) =>
      place([{ ...sky, ...at(4, 4, 0, 0), mask: { pixels, strength: 1, bounds } }])[0]?.[0]?.window;
    expect(window(true)).toEqual({ height: 11, width: 16, y: 3, x: 5 });
  });

  test("outside of the latent is refused, and so is what is no mask", () => {
    expect(() => place([{ ...sky, ...at(4, 4, 16, 0) }])).toThrow(/row 16 on, outside of the latent's 24×16/);
    const pixels = { dims: [1, 1, 16, 24], data: new Float32Array(384) };
    expect(() => place([{ ...sky, mask: { pixels, strength: 1, bounds: false } }])).toThrow(
      /a mask is \[batch, height, width\]; this one is \[1, 1, 16, 24\]/,
    );
  });
});

describe("a condition for a part is set against", () => {
  test("what the other side says of the same part", () => {
    const [positive, negative] = place([sky, { ...ship, ...at(8, 8, 4, 4), strength: 2 }], [fog]);
    expect(told(positive)).toEqual([sky.tokens, ship.tokens]);
    expect(told(negative)).toEqual([fog.tokens, fog.tokens]);
    expect(negative?.[1]).toEqual({ ...positive?.[1], told: fog });
  });

  test("the smallest part around it that the other side speaks of", () => {
    const wide = { ...sea, ...at(12, 12, 2, 2) };
    const wider = { ...sky, ...at(16, 16, 0, 0) };
    const [, negative] = place([{ ...ship, ...at(8, 8, 4, 4) }], [fog, wider, wide]);
    expect(told(negative)).toEqual([fog.tokens, sky.tokens, sea.tokens, sea.tokens]);
  });

  test("nothing, where the other side speaks of that very part or of none around it", () => {
    const part = at(8, 8, 4, 4);
    expect(place([{ ...ship, ...part }], [fog, { ...sea, ...part }])[1]).toHaveLength(2);
    expect(place([{ ...ship, ...part }], [{ ...sea, ...at(6, 8, 4, 4) }])[1]).toHaveLength(1);
  });

  test("the positive side as well, for a part that only the negative one has", () => {
    const [positive] = place([sky], [fog, { ...sea, ...at(8, 8, 4, 4) }]);
    expect(told(positive)).toEqual([sky.tokens, sky.tokens]);
  });
});
