/** The regularised incomplete beta function I_x(a, b), for a and b up to about 100. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  // The fraction converges fast below the mean; above it the other tail's does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const logBeta = logGamma(a) + logGamma(b) - logGamma(a + b);
  return Math.exp(a * Math.log(x) + b * Math.log1p(-x) - logBeta) / (a * continuedFraction(x, a, b));
}

/** 1 + d1/(1 + d2/(1 + …)), Abramowitz and Stegun 26.5.8, from its end: 200 terms are plenty for small a and b. */
function continuedFraction(x: number, a: number, b: number): number {
  let value = 1;
  for (let m = 100; m >= 1; m--) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    value = 1 + even / value;
    const k = m - 1;
    const odd = (-(a + k) * (a + b + k) * x) / ((a + 2 * k) * (a + 2 * k + 1));
    value = 1 + odd / value;
  }
  return value;
}

/** Stirling's series, after shifting the argument up to where it is exact. */
function logGamma(z: number): number {
  let shift = 0;
  let at = z;
  for (; at < 12; at++) shift -= Math.log(at);
  const series = 1 / (12 * at) - 1 / (360 * at ** 3) + 1 / (1260 * at ** 5) - 1 / (1680 * at ** 7);
  return shift + (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + series;
}
