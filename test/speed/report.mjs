// @ts-check
/**
 * One figure. `value` is rounded to four digits; a target that is missed is plain to see, and nobody's exit code.
 * @param {{ name: string, value: number, unit: string, target?: number, better: "lower" | "higher", note?: string }} figure
 */
export const report = ({ value, ...figure }) =>
  console.log(JSON.stringify({ ...figure, value: Number(value.toPrecision(4)) }));

/** A figure that could not be taken here. @param {string} name @param {string} reason */
export const skip = (name, reason) => console.log(JSON.stringify({ name, skipped: reason }));

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2
    ? /** @type {number} */ (sorted[middle])
    : /** @type {number} */ (sorted[middle - 1] + /** @type {number} */ (sorted[middle])) / 2;
}

/** The value that so many percent of the values do not exceed. @param {readonly number[]} values @param {number} percent */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return /** @type {number} */ (sorted[Math.ceil((sorted.length * percent) / 100) - 1]);
}
