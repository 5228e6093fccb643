import type { Image, Mask } from "../sockets.js";
import { imageDims, maskAsImage } from "./allocate.js";
import { withChannels } from "./channels.js";
import { resizeImage } from "./resize.js";

/** Pictures in another size by bilinear interpolation; as they are if they have it. */
function fitted(image: Image, width: number, height: number): Image {
  const [, oldHeight, oldWidth] = imageDims(image);
  return oldHeight === height && oldWidth === width ? image : resizeImage(image, width, height, "bilinear");
}

/**
 * Lays pictures over others, their upper left corner at (x, y), x and y >= 0; what would lie outside is cut. A mask of
 * any size is stretched over the source: 0 leaves the destination bit for bit as it is, 1 takes the source. The source is
 * given the destination's channels, and with `resize` its size; sources and masks are repeated to the destination's batch.
 */
export function composited(
  destination: Image,
  source: Image,
  { x, y, resize, mask }: { x: number; y: number; resize: boolean; mask: Mask | undefined },
): Image {
  const [batch, height, width, channels] = imageDims(destination);
  const alike = withChannels(source, channels);
  const over = resize ? fitted(alike, width, height) : alike;
  const [overBatch, overHeight, overWidth] = imageDims(over);
  const share = mask && fitted(maskAsImage(mask), overWidth, overHeight);
  const data = destination.data.slice();
  const columns = Math.max(Math.min(overWidth, width - x), 0);
  const rows = Math.max(Math.min(overHeight, height - y), 0);
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r++) {
      const to = (b * height + y + r) * width + x;
      const from = ((b % overBatch) * overHeight + r) * overWidth;
      if (!share) {
        const start = from * channels;
        data.set(over.data.subarray(start, start + columns * channels), to * channels);
        continue;
      }
      const masked = ((b % (share.dims[0] as number)) * overHeight + r) * overWidth;
      for (let c = 0; c < columns; c++) {
        const m = share.data[masked + c] as number;
        for (let k = 0; k < channels; k++) {
          const place = (to + c) * channels + k;
          data[place] = m * (over.data[(from + c) * channels + k] as number) + (1 - m) * (data[place] as number);
        }
      }
    }
  }
  return { dims: destination.dims, data };
}
