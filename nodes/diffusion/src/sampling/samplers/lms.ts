import { multistep } from "./multistep.js";
import { polynomialWeights } from "./polynomial-weights.js";

/** Linear multistep: integrates the polynomial in sigma through the last four slopes (Adams and Bashforth). */
export const lms = multistep(4, ({ levels, next }) => {
  const [sigma] = levels as [number];
  const length = next - sigma;
  // In units of the step, from 0 to 1.
  const nodes = levels.map((level) => (level - sigma) / length);
  return polynomialWeights(
    nodes,
    nodes.map((_, power) => length / (power + 1)),
  );
});
