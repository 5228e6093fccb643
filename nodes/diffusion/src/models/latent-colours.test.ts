import { describe, expect, test } from "vitest";
import { ConfigFile } from "./config-file.js";
import { readLatentColours } from "./latent-colours.js";

const grey = [0.1, 0.1, 0.1];
const read = (fields: Record<string, unknown>) => readLatentColours(new ConfigFile("latent_colours.json", fields), 2);

test("factors for each channel, and a bias", () => {
  expect(read({ factors: [grey, [1, 2, -3]], bias: [0.5, 0.5, 0.5] })).toEqual({
    factors: [grey, [1, 2, -3]],
    bias: [0.5, 0.5, 0.5],
  });
});

describe("refused, naming file and field:", () => {
  test.each([
    ["no factors", { bias: grey }, /latent_colours\.json: factors is missing/],
    ["a channel too few", { factors: [grey], bias: grey }, /2 lists of three numbers/],
    ["a colour too few", { factors: [grey, [1, 2]], bias: grey }, /factors/],
    ["words", { factors: [grey, ["1", 2, 3]], bias: grey }, /factors/],
    ["absurd numbers", { factors: [grey, [1e30, 0, 0]], bias: grey }, /within ±100/],
    ["no bias", { factors: [grey, grey] }, /bias is missing/],
  ])("%s", (_, fields, message) => {
    expect(() => read(fields)).toThrow(message);
  });
});
