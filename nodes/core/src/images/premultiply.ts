/** Multiplies bytes by the alpha that comes last in each pixel, in place, with Pillow's rounding. */
export function premultiply(pixels: Float32Array, channels: number): void {
  for (let start = 0; start < pixels.length; start += channels) {
    const alpha = pixels[start + channels - 1] as number;
    for (let i = start; i < start + channels - 1; i++) {
      const product = (pixels[i] as number) * alpha + 128;
      pixels[i] = ((product >> 8) + product) >> 8;
    }
  }
}

/** Undoes `premultiply` as far as bytes can, in place, with Pillow's rounding: what alpha hides wholly stays as it is. */
export function unpremultiply(pixels: Float32Array, channels: number): void {
  for (let start = 0; start < pixels.length; start += channels) {
    const alpha = pixels[start + channels - 1] as number;
    if (alpha === 0 || alpha === 255) continue;
    for (let i = start; i < start + channels - 1; i++) {
      pixels[i] = Math.min(Math.trunc((255 * (pixels[i] as number)) / alpha), 255);
    }
  }
}
