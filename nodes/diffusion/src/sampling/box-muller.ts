const TWO_PI = 2 * Math.PI;
const { fround } = Math;

/**
 * 16 uniforms to 16 normal values in place, from `at` on (Box and Muller 1958): the first eight give radii, the last
 * eight angles. Rounded to float32 where torch rounds, above all the angle.
 */
export function boxMuller32(out: Float32Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = fround(Math.sqrt(fround(-2 * fround(Math.log(1 - out[i]!)))));
    const angle = fround(fround(TWO_PI) * out[i + 8]!);
    out[i] = radius * Math.cos(angle);
    out[i + 8] = radius * Math.sin(angle);
  }
}

/** The same in double precision, exactly. */
export function boxMuller64(out: Float64Array, at: number): void {
  for (let i = at; i < at + 8; i++) {
    const radius = Math.sqrt(-2 * Math.log(1 - out[i]!));
    const angle = TWO_PI * out[i + 8]!;
    out[i] = radius * Math.cos(angle);
    out[i + 8] = radius * Math.sin(angle);
  }
}
