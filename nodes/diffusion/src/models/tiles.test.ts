import type { Tensor } from "@mezzotint/engine";
import { describe, expect, test } from "vitest";
import { difference, random } from "../../test/host.js";
import { codeInTiles, type TileShape, threeShapes, tileCount } from "./tiles.js";

const same = { ratio: 1, channels: 2, code: async (tile: Tensor) => tile };

/** Each cell twice, both ways. */
async function doubled({ dims, data }: Tensor): Promise<Tensor> {
  const [, channels = 0, height = 0, width = 0] = dims;
  const out = new Float32Array(4 * data.length);
  for (let i = 0; i < out.length; i++) {
    const [x, y, c] = [
      i % (2 * width),
      Math.floor(i / (2 * width)) % (2 * height),
      Math.floor(i / (4 * width * height)),
    ];
    out[i] = data[(c * height + (y >> 1)) * width + (x >> 1)]!;
  }
  return { dims: [1, channels, 2 * height, 2 * width], data: out };
}

describe.each([
  [8, 2],
  [8, 0],
  [6, 2],
  [4, 1],
  [64, 16],
])("tiles of %i with an overlap of %i", (side, overlap) => {
  const shapes = threeShapes(side, overlap);

  test.each([
    [20, 30],
    [17, 9],
    [8, 8],
    [5, 40],
  ])("cover planes of %i × %i: what changes nothing gives the planes back", async (height, width) => {
    const planes = random([1, 2, height, width], side);
    expect(difference(await codeInTiles(planes, shapes, same), planes)).toBeLessThan(1e-5);
    const large = await codeInTiles(planes, shapes, { ratio: 2, channels: 2, code: doubled });
    expect(difference(large, await doubled(planes))).toBeLessThan(1e-5);
  });

  test("are as many as said, and none is larger than the square", async () => {
    const sizes: number[] = [];
    const code = async (tile: Tensor) => {
      sizes.push(tile.dims[2]! * tile.dims[3]!);
      return tile;
    };
    await codeInTiles(random([1, 2, 20, 30], 1), shapes, { ...same, code });
    expect(sizes).toHaveLength(shapes.reduce((sum, shape) => sum + tileCount(20, 30, shape), 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(side * side);
  });
});

test("where tiles differ, one passes into the other without a step", async () => {
  const wide: TileShape = { height: 4, width: 12, overlap: 8 };
  let tile = 0;
  const code = async ({ dims, data }: Tensor): Promise<Tensor> => ({ dims, data: data.map(() => tile) });
  const counted = async (planes: Tensor) => {
    const coded = await code(planes);
    tile++;
    return coded;
  };
  const { data } = await codeInTiles(random([1, 1, 4, 16], 1), [wide], { ratio: 1, channels: 1, code: counted });
  const row = [...data.subarray(0, 16)];
  expect(tile).toBe(2);
  expect(row[0]).toBe(0);
  expect(row[15]).toBe(1);
  for (let i = 1; i < 16; i++) {
    expect(row[i]! - row[i - 1]!).toBeGreaterThanOrEqual(0);
    expect(row[i]! - row[i - 1]!).toBeLessThan(0.25);
  }
});

test("tiles that come out in another size than promised are refused", async () => {
  const planes = random([1, 2, 8, 8], 1);
  await expect(codeInTiles(planes, threeShapes(64, 0), { ...same, code: doubled })).rejects.toThrow(/came out as/);
});
