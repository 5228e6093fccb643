/** a·x + b·y, element by element, in a new array. */
export function blend(a: number, x: Float32Array, b: number, y: Float32Array): Float32Array {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * x[i]! + b * y[i]!;
  return out;
}

/** a·x + b·y + c·z, element by element, in a new array. */
export function blend3(
  a: number,
  x: Float32Array,
  b: number,
  y: Float32Array,
  c: number,
  z: Float32Array,
): Float32Array {
  const out = new Float32Array(x.length);
  for (let i = 0; i < out.length; i++) out[i] = a * x[i]! + b * y[i]! + c * z[i]!;
  return out;
}

/** The sum of arrays times their weights, element by element, in a new array. */
export function combine(...terms: readonly (readonly [weight: number, array: Float32Array])[]): Float32Array {
  const sum = new Float32Array(terms[0]?.[1].length ?? 0);
  for (const [weight, array] of terms) for (let i = 0; i < sum.length; i++) sum[i]! += weight * array[i]!;
  return sum;
}
