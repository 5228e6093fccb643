import type { Tensor } from "@mezzotint/engine";

/**
 * The vector that SDXL takes beside the text (`y`): pooled text [B,P], then a sinusoidal embedding of each size
 * (original height and width, crop top and left, target height and width; Podell et al., 2023). `width` is the whole
 * vector's (`Model.takes.vector`); what the pooled text leaves of it is shared among the sizes.
 */
export function vectorCondition(pooled: Tensor, sizes: readonly (readonly number[])[], width: number): Tensor {
  const [batch = 0, pooledWidth = 0] = pooled.dims;
  const count = sizes[0]?.length ?? 0;
  const each = (width - pooledWidth) / count;
  if (sizes.length !== batch || sizes.some((row) => row.length !== count) || !Number.isInteger(each / 2) || each <= 0)
    throw new Error(
      `a vector of ${width} cannot hold pooled text of [${pooled.dims.join(", ")}] and ${sizes.length} rows of ${count} sizes`,
    );
  const data = new Float32Array(batch * width);
  for (const [row, values] of sizes.entries()) {
    data.set(pooled.data.subarray(row * pooledWidth, (row + 1) * pooledWidth), row * width);
    for (const [i, value] of values.entries()) data.set(sinusoid(value, each), row * width + pooledWidth + i * each);
  }
  return { dims: [batch, width], data };
}

/** Cosines, then sines, of a value at frequencies from 1 to 1/10000, in the precision that networks were trained with. */
function sinusoid(value: number, width: number): Float32Array {
  const half = width / 2;
  const out = new Float32Array(width);
  for (let i = 0; i < half; i++) {
    const angle = Math.fround(value * Math.fround(Math.exp((-Math.log(10000) * i) / half)));
    out[i] = Math.cos(angle);
    out[half + i] = Math.sin(angle);
  }
  return out;
}
