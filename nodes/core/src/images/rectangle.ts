import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";

/** A rectangle of every picture of a batch, copied. It must lie inside; masks are images of one channel. */
export function cut(image: Image, x: number, y: number, width: number, height: number): Image {
  const [batch, fullHeight, fullWidth, channels] = imageDims(image);
  const result = newTensor(batch, height, width, channels);
  const length = width * channels;
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < height; r++) {
      const start = ((b * fullHeight + y + r) * fullWidth + x) * channels;
      result.data.set(image.data.subarray(start, start + length), (b * height + r) * length);
    }
  }
  return result;
}

/**
 * Writes pictures into every picture of a batch of as many channels, at a place where they fit inside. `item` tells
 * which picture goes into the b-th; without it they are matched one to one.
 */
export function paste(target: Image, source: Image, x: number, y: number, item = (b: number): number => b): void {
  const [batch, height, width, channels] = imageDims(target);
  const [, rows, columns] = imageDims(source);
  const length = columns * channels;
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r++) {
      const start = (item(b) * rows + r) * length;
      target.data.set(source.data.subarray(start, start + length), ((b * height + y + r) * width + x) * channels);
    }
  }
}
