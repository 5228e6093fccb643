import { multistep } from "./multistep.js";
import { polynomialWeights } from "./polynomial-weights.js";

/** The range of sigma that the time of the paper's variance-preserving process covers, and where it starts. */
const [SMALLEST, LARGEST, START] = [0.002, 80, 1e-3];
/** log(1 + sigma²) as a polynomial in that time: SLOPE · t + BEND · t² / 2 (Song et al. 2021, equation 32). */
const BEND = (2 * (Math.log1p(SMALLEST ** 2) / START - Math.log1p(LARGEST ** 2))) / (START - 1);
const SLOPE = Math.log1p(LARGEST ** 2) - BEND / 2;
/** Points of the sum that stands for an integral. */
const POINTS = 10_000;

const time = (sigma: number): number => (Math.sqrt(SLOPE ** 2 + 2 * BEND * Math.log1p(sigma ** 2)) - SLOPE) / BEND;

/** How fast sigma grows with time. */
function pace(t: number): number {
  const log = SLOPE * t + (BEND * t ** 2) / 2;
  return ((SLOPE + BEND * t) * Math.exp(log)) / (2 * Math.sqrt(Math.expm1(log)));
}

/**
 * DEIS (Zhang and Chen 2022, tAB-DEIS): integrates the polynomial through the last three slopes in the time of a
 * variance-preserving process, in which the slopes change evenly.
 */
export const deis = multistep(3, ({ levels, next }) => {
  const [sigma] = levels as [number];
  if (levels.length === 1) return [next - sigma];
  const start = time(sigma);
  const length = time(next) - start;
  const moments = levels.map(() => 0);
  for (let point = 0; point < POINTS; point++) {
    const u = point / (POINTS - 1);
    let part = (pace(start + u * length) * length) / POINTS;
    for (let power = 0; power < moments.length; power++) {
      moments[power]! += part;
      part *= u;
    }
  }
  return polynomialWeights(
    levels.map((level) => (time(level) - start) / length),
    moments,
  );
});
