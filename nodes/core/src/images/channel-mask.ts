import type { Image } from "../sockets.js";
import { imageDims, newTensor } from "./allocate.js";
import { roundHalfEven } from "./resize.js";

/** The channels of a picture, in their order. */
export const CHANNELS = ["red", "green", "blue", "alpha"] as const;

/** One channel as a mask, [batch, height, width, 1]. Throws, saying what there is, if the picture has no such channel. */
export function channelOf(image: Image, channel: (typeof CHANNELS)[number]): Image {
  const [batch, height, width, channels] = imageDims(image);
  const place = CHANNELS.indexOf(channel);
  if (place >= channels) throw new Error(`the image has no ${channel} channel: it has ${channels}`);
  const result = newTensor(batch, height, width, 1);
  for (let i = 0; i < result.data.length; i++) result.data[i] = image.data[i * channels + place] as number;
  return result;
}

/** 1 where a picture has a colour, 0xRRGGBB, to 8 bits: [batch, height, width, 1]. */
export function colorMask(image: Image, color: number): Image {
  const [batch, height, width, channels] = imageDims(image);
  if (channels < 3) throw new Error(`the image has no colours: it has ${channels} of the channels red, green and blue`);
  const wanted = [(color >> 16) & 0xff, (color >> 8) & 0xff, color & 0xff];
  const byte = (value: number): number => roundHalfEven(Math.fround(Math.min(Math.max(value, 0), 1) * 255));
  const result = newTensor(batch, height, width, 1);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = Number(wanted.every((value, c) => byte(image.data[i * channels + c] as number) === value));
  }
  return result;
}

/** A mask as a grey picture of three channels. */
export function greyImage(mask: Image): Image {
  const [batch, height, width] = imageDims(mask);
  const result = newTensor(batch, height, width, 3);
  for (let i = 0; i < result.data.length; i++) result.data[i] = mask.data[Math.floor(i / 3)] as number;
  return result;
}
