// @ts-check

/** @typedef {import("@mezzotint/engine").Tensor} Tensor */

/**
 * The vector that SDXL takes beside the time: the pooled text, then each of the six sizes as sinusoids, the cosines
 * before the sines (Podell et al. 2023, section 2.2).
 * @param {Tensor} pooled [B,P] @param {Tensor} sizes [B,6] @param {number} width of a size's sinusoids
 * @returns {Tensor} [B, P + 6 * width]
 */
export function sizeVector(pooled, sizes, width) {
  const [batch = 0, text = 0] = pooled.dims;
  const [, count = 0] = sizes.dims;
  const half = width / 2;
  const data = new Float32Array(batch * (text + count * width));
  for (let b = 0, at = 0; b < batch; b++) {
    data.set(pooled.data.subarray(b * text, (b + 1) * text), at);
    at += text;
    for (let s = 0; s < count; s++, at += width)
      for (let i = 0; i < half; i++) {
        const angle = Number(sizes.data[b * count + s]) * Math.exp((-Math.log(10_000) * i) / half);
        data[at + i] = Math.cos(angle);
        data[at + half + i] = Math.sin(angle);
      }
  }
  return { dims: [batch, text + count * width], data };
}
