// @ts-check

/**
 * What the product gave beside what it should have given. Passed when |got - want| <= atol + rtol * |want| everywhere.
 * @typedef {{ what?: string, got: ArrayLike<number | bigint>, want: ArrayLike<number | bigint>, atol: number,
 *   rtol: number }} Comparison
 */

/**
 * How far off the worst element is. `share` is its part of what the tolerance allows there: above 1 is a miss.
 * @typedef {{ what?: string, worst: number, share: number, atol: number, rtol: number }} Measured
 */

/** Measures one comparison. Where the reference is NaN or infinite, only the same will do. @param {Comparison} comparison */
export function measure({ what, got, want, atol, rtol }) {
  const measured = { ...(what !== undefined && { what }), worst: 0, share: 0, atol, rtol };
  if (got.length !== want.length)
    return { ...measured, worst: Number.POSITIVE_INFINITY, share: Number.POSITIVE_INFINITY };
  for (let i = 0; i < want.length; i++) {
    const error = distance(Number(got[i]), Number(want[i]));
    const allowed = atol + rtol * Math.abs(Number(want[i]));
    const share = error === 0 ? 0 : error === Number.POSITIVE_INFINITY ? error : error / allowed;
    if (share > measured.share) Object.assign(measured, { worst: error, share });
  }
  return measured;
}

/** The comparison that is nearest to a miss. @param {readonly Comparison[]} comparisons @returns {Measured} */
export const worst = (comparisons) => comparisons.map(measure).reduce((a, b) => (b.share > a.share ? b : a));

/** Two lists of names that must hold the same. @param {Iterable<string>} got @param {Iterable<string>} want @returns {Comparison} */
export function sameNames(got, want) {
  const [a, b] = [new Set(got), new Set(want)];
  const differing = [...a].filter((name) => !b.has(name)).length + [...b].filter((name) => !a.has(name)).length;
  return { got: [differing], want: [0], atol: 0, rtol: 0 };
}

/** Two lists that must be equal. @param {ArrayLike<number | bigint>} got @param {ArrayLike<number | bigint>} want @returns {Comparison} */
export const equal = (got, want) => ({ got, want, atol: 0, rtol: 0 });

/** @param {number} got @param {number} want */
function distance(got, want) {
  if (Object.is(got, want) || got === want) return 0;
  const error = Math.abs(got - want);
  return Number.isFinite(error) ? error : Number.POSITIVE_INFINITY;
}
