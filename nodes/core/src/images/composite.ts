import type { Image, Mask } from "../sockets.js";
import type { Steps } from "../steps.js";
import { imageDims, maskAsImage } from "./allocate.js";
import { withChannels } from "./channels.js";
import { requireCorner } from "./rectangle.js";
import { resizedImage } from "./resize.js";

/** Pictures in another size by bilinear interpolation; as they are if they have it. */
function* fitted(image: Image, width: number, height: number): Steps<Image> {
  const [, oldHeight, oldWidth] = imageDims(image);
  return oldHeight === height && oldWidth === width ? image : yield* resizedImage(image, width, height, "bilinear");
}

/**
 * Lays pictures over others, their upper left corner at (x, y), x and y >= 0; what would lie outside is cut. A mask of
 * any size is stretched over the source: 0 leaves the destination bit for bit as it is, 1 takes the source. The source is
 * given the destination's channels, and with `resize` its size; sources and masks are repeated to the destination's batch.
 */
export function* composited(
  destination: Image,
  source: Image,
  { x, y, resize, mask }: { x: number; y: number; resize: boolean; mask: Mask | undefined },
): Steps<Image> {
  const [batch, height, width, channels] = imageDims(destination);
  requireCorner(x, y);
  const alike = withChannels(source, channels);
  const over = resize ? yield* fitted(alike, width, height) : alike;
  const [overBatch, overHeight, overWidth] = imageDims(over);
  const share = mask && (yield* fitted(maskAsImage(mask), overWidth, overHeight));
  const data = destination.data.slice();
  const columns = Math.max(Math.min(overWidth, width - x), 0);
  const rows = Math.max(Math.min(overHeight, height - y), 0);
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r++) {
      const to = ((b * height + y + r) * width + x) * channels;
      const line = ((b % overBatch) * overHeight + r) * overWidth;
      const above = over.data.subarray(line * channels, (line + columns) * channels);
      if (share) {
        const start = ((b % (share.dims[0] as number)) * overHeight + r) * overWidth;
        layRow(data.subarray(to, to + above.length), above, share.data.subarray(start, start + columns));
      } else data.set(above, to);
      yield;
    }
  }
  return { dims: destination.dims, data };
}

/** Lays a row over another, in place, as far as the share of each pixel lets it through. */
function layRow(under: Float32Array, above: Float32Array, share: Float32Array): void {
  const channels = under.length / share.length;
  for (let c = 0, i = 0; c < share.length; c++) {
    const m = share[c] as number;
    for (let k = 0; k < channels; k++, i++) under[i] = m * (above[i] as number) + (1 - m) * (under[i] as number);
  }
}
