const { fround } = Math;

/** ln 2 in two float32 parts, so that subtracting multiples of it loses nothing. */
const LN2 = [fround(0.693145751953125), fround(1.428606765330187e-6)] as const;

/** (e^s - 1 - s) / s² for |s| up to ln 2 / 2, highest power first: SLEEF's coefficients for float32. */
const EXP_TAIL = [0.0013632465, 0.00836597, 0.041671082, 0.16666552, 0.49999985].map(fround);

/** (log((1 + t) / (1 - t)) / t - 2) / t² by powers of t², likewise; the last in float32's double precision. */
const LOG_TAIL = [0.24032035, 0.28511268, 0.400008].map(fround);
const LOG_TAIL_END = fround(0.6666666) + fround(3.6918386e-9);

/** How many values torch's kernel takes at a time on a CPU with AVX2. It leaves the rest to the C library. */
const AT_ONCE = 16;

/**
 * `torch.pow(bases, exponent)` for float32 values and an exponent of 0 or more, as torch rounds it; the C library rounds
 * correctly.
 */
export function torchPowers(bases: Float32Array, exponent: number): Float32Array {
  const plain = PLAIN.get(exponent);
  if (plain) return bases.map(plain);
  const vectorised = bases.length - (bases.length % AT_ONCE);
  return bases.map((base, i) => (i < vectorised && base > 0 ? sleefPower(base, exponent) : base ** exponent));
}

/** The exponents that torch multiplies out. */
const PLAIN: ReadonlyMap<number, (base: number) => number> = new Map([
  [0, () => 1],
  [0.5, Math.sqrt],
  [1, (base) => base],
  [2, (base) => base * base],
  [3, (base) => fround(base * base) * base],
]);

/**
 * SLEEF's `powf` (error under 1 ulp): equal to the bit but for about one in 100,000, where correct rounding differs in
 * one of sixty.
 */
function sleefPower(base: number, exponent: number): number {
  const log = logarithm(base) * exponent;
  const doublings = Math.round(fround(fround(log) * fround(Math.LOG2E)));
  const s = log - doublings * LN2[0] - doublings * LN2[1];
  return fround(1 + (s + s * s * polynomial(EXP_TAIL, s))) * 2 ** doublings;
}

/** SLEEF's logarithm before it is rounded: good to nine digits, and the ninth matters. */
function logarithm(value: number): number {
  const doublings = Math.floor(Math.log2(value / 0.75));
  const mantissa = value / 2 ** doublings;
  const t = (mantissa - 1) / (mantissa + 1);
  const square = t * t;
  const tail = square * polynomial(LOG_TAIL, square) + LOG_TAIL_END;
  return doublings * Math.LN2 + 2 * t + square * t * tail;
}

/** In float32, highest power first. */
const polynomial = (coefficients: readonly number[], x: number): number =>
  coefficients.reduce((sum, coefficient) => fround(sum * fround(x) + coefficient), 0);
