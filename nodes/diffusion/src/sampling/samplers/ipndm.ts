import { multistep } from "./multistep.js";

/** Adams and Bashforth's weights for equal steps, by order. */
const EQUAL_STEPS = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]];

/** Improved PNDM (Zhang and Chen 2022, after Liu et al. 2022): four slopes with the weights of equal steps. */
export const ipndm = multistep(4, ({ levels, next }) =>
  EQUAL_STEPS[levels.length - 1]!.map((weight) => weight * (next - levels[0]!)),
);

/**
 * iPNDM with weights for unequal steps, as diff-sampler's authors have them (Zhou et al. 2024). From three slopes on
 * these are not Adams and Bashforth's: corrected, they would give other pictures than every other program.
 */
export const ipndmV = multistep(4, ({ levels, next }) => {
  const [sigma] = levels as [number];
  const length = next - sigma;
  const [last = 0, before = 0, first = 0] = levels.slice(0, -1).map((level, i) => level - levels[i + 1]!);
  // What each further slope adds to those before it.
  const weights = [1, 0, 0, 0];
  if (levels.length > 1) {
    const second = length / (2 * last);
    add(weights, second, [1, -1]);
  }
  if (levels.length > 2) {
    const third = (1 - length ** 2 / (3 * last * (last + before))) / 2;
    add(weights, third, [1, -(1 + last / before), last / before]);
  }
  if (levels.length > 3) {
    const two = length + last;
    const three = two + before;
    const fourth =
      (((1 - length / (3 * two)) / 2 + ((1 - length / (2 * two)) * length) / (6 * three)) * (length * two * three)) /
      (last * (last + before) * (last + before + first));
    const ratio = last / before;
    const ratios = (last * (last + before)) / (before * (before + first));
    add(weights, fourth, [1, -(1 + ratio + ratios), ratio + ratios * (1 + before / first), -ratios * ratio]);
  }
  return weights.map((weight) => weight * length);
});

function add(weights: number[], factor: number, difference: readonly number[]): void {
  for (const [i, value] of difference.entries()) weights[i]! += factor * value;
}
