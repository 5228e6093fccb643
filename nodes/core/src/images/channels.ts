import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";

/** An image with another number of channels: those too many are dropped, missing ones are 1, as an opaque alpha. */
export function withChannels(image: Image, channels: number): Image {
  const [batch, height, width, has] = imageDims(image);
  if (has === channels) return image;
  const result = newTensor(batch, height, width, channels);
  const shared = Math.min(has, channels);
  if (channels > has) result.data.fill(1);
  for (let i = 0; i < batch * height * width; i++) {
    for (let c = 0; c < shared; c++) result.data[i * channels + c] = image.data[i * has + c] as number;
  }
  return result;
}
