import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";

/** Throws for a place, of an upper left corner, that is not a pixel: links bring what no widget would. */
export function requireCorner(x: number, y: number): void {
  if (Number.isInteger(x) && Number.isInteger(y) && x >= 0 && y >= 0) return;
  throw new RangeError(`a corner lies at whole numbers of pixels, 0 or more; this one is at ${x}, ${y}`);
}

function requireInside(image: Image, x: number, y: number, width: number, height: number): void {
  requireCorner(x, y);
  const [, fullHeight, fullWidth] = imageDims(image);
  if (x + width <= fullWidth && y + height <= fullHeight) return;
  const rectangle = `a rectangle of ${width} × ${height} at ${x}, ${y}`;
  throw new RangeError(`${rectangle} does not lie inside a picture of ${fullWidth} × ${fullHeight}`);
}

/** A rectangle of every picture of a batch, copied. Throws unless it lies inside; masks are images of one channel. */
export function cut(image: Image, x: number, y: number, width: number, height: number): Image {
  const [batch, fullHeight, fullWidth, channels] = imageDims(image);
  requireInside(image, x, y, width, height);
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
 * Writes pictures into every picture of a batch of as many channels, at a place where they fit inside; throws where they do not. `item` tells
 * which picture goes into the b-th; without it they are matched one to one.
 */
export function paste(target: Image, source: Image, x: number, y: number, item = (b: number): number => b): void {
  const [batch, height, width, channels] = imageDims(target);
  const [, rows, columns] = imageDims(source);
  requireInside(target, x, y, columns, rows);
  const length = columns * channels;
  for (let b = 0; b < batch; b++) {
    for (let r = 0; r < rows; r++) {
      const start = (item(b) * rows + r) * length;
      target.data.set(source.data.subarray(start, start + length), ((b * height + y + r) * width + x) * channels);
    }
  }
}
