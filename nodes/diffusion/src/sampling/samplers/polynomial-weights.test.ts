import { expect, test } from "vitest";
import { polynomialWeights } from "./polynomial-weights.js";

test.each([[[0]], [[0, -1]], [[0, -1, -2.5]], [[0.3, -1, -2.5, -7]]])(
  "nodes %j integrate what they determine",
  (nodes) => {
    // Over [0, 1].
    const weights = polynomialWeights(
      nodes,
      nodes.map((_, power) => 1 / (power + 1)),
    );
    for (let power = 0; power < nodes.length; power++) {
      const sum = nodes.reduce((total, node, i) => total + weights[i]! * node ** power, 0);
      expect(sum).toBeCloseTo(1 / (power + 1), 10);
    }
  },
);
