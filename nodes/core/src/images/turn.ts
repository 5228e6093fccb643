import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";

/** Pictures mirrored: `vertical` turns them upside down, `horizontal` swaps left and right. */
export function flipped(image: Image, direction: "vertical" | "horizontal"): Image {
  const [batch, height, width, channels] = imageDims(image);
  const result = newTensor(batch, height, width, channels);
  const row = width * channels;
  for (let r = 0; r < batch * height; r++) {
    const within = r % height;
    if (direction === "vertical") {
      const from = (r + height - 1 - 2 * within) * row;
      result.data.set(image.data.subarray(from, from + row), r * row);
    } else reverseRow(image.data, result.data, r * row, width, channels);
  }
  return result;
}

function reverseRow(from: Float32Array, to: Float32Array, start: number, width: number, channels: number): void {
  for (let x = 0; x < width; x++) {
    for (let c = 0; c < channels; c++) {
      to[start + x * channels + c] = from[start + (width - 1 - x) * channels + c] as number;
    }
  }
}

/** Pictures turned clockwise by a quarter turn, `quarters` times (0 to 3). */
export function rotated(image: Image, quarters: number): Image {
  if (quarters === 0) return image;
  if (quarters === 2) return flipped(flipped(image, "vertical"), "horizontal");
  const [batch, height, width, channels] = imageDims(image);
  const result = newTensor(batch, width, height, channels);
  for (let b = 0; b < batch; b++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const [toX, toY] = quarters === 1 ? [height - 1 - y, x] : [y, width - 1 - x];
        const from = ((b * height + y) * width + x) * channels;
        const to = ((b * width + toY) * height + toX) * channels;
        for (let c = 0; c < channels; c++) result.data[to + c] = image.data[from + c] as number;
      }
    }
  }
  return result;
}
