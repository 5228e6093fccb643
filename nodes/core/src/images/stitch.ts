import type { Image } from "../sockets.js";
import type { Steps } from "../steps.js";
import { imageDims, newTensor } from "./allocate.js";
import { withChannels } from "./channels.js";
import { paste } from "./rectangle.js";
import { resizedImage } from "./resize.js";

/** Where the second picture goes, in the order of ComfyUI's menu. */
export const DIRECTIONS = ["right", "down", "left", "up"] as const;

const COLORS = {
  white: [1, 1, 1],
  black: [0, 0, 0],
  red: [1, 0, 0],
  green: [0, 1, 0],
  blue: [0, 0, 1],
} as const;
/** The colours between pictures, in the order of ComfyUI's menu. */
export const SPACING_COLORS = Object.keys(COLORS) as [keyof typeof COLORS, ...(keyof typeof COLORS)[]];

/** How two pictures are put side by side. */
export interface Stitching {
  readonly direction: (typeof DIRECTIONS)[number];
  /** The second takes the first's height (or width, when one is above the other) and keeps its proportions. */
  readonly matchSize: boolean;
  /** Pixels between the two; an odd number counts as the next even one. */
  readonly spacing: number;
  readonly color: keyof typeof COLORS;
}

/** A picture centred on a canvas that is at least as large, of one value in every channel. */
function centred(image: Image, width: number, height: number, value: number): Image {
  const [batch, oldHeight, oldWidth, channels] = imageDims(image);
  if (oldWidth === width && oldHeight === height) return image;
  const result = newTensor(batch, height, width, channels);
  result.data.fill(value);
  paste(result, image, Math.floor((width - oldWidth) / 2), Math.floor((height - oldHeight) / 2));
  return result;
}

/** Two pictures whose sides that meet have one length. */
function* aligned(
  first: Image,
  second: Image,
  { matchSize, color }: Stitching,
  sideBySide: boolean,
): Steps<readonly [Image, Image]> {
  const [, height1, width1] = imageDims(first);
  const [, height2, width2] = imageDims(second);
  if (matchSize) {
    const shape = width2 / height2;
    const width = sideBySide ? Math.max(Math.trunc(height1 * shape), 1) : width1;
    const height = sideBySide ? height1 : Math.max(Math.trunc(width1 / shape), 1);
    return [first, yield* resizedImage(second, width, height, "lanczos")];
  }
  const value = color === "white" ? 1 : 0;
  const [height, width] = [Math.max(height1, height2), Math.max(width1, width2)];
  return sideBySide
    ? [centred(first, width1, height, value), centred(second, width2, height, value)]
    : [centred(first, width, height1, value), centred(second, width, height2, value)];
}

/**
 * Puts the second batch beside the first. The smaller picture is centred when sizes are not matched, on white or else
 * black; the channels missing in one are 1, and the last picture of the shorter batch is repeated.
 */
export function* stitched(image1: Image, image2: Image, how: Stitching): Steps<Image> {
  const { direction, spacing, color } = how;
  const sideBySide = direction === "left" || direction === "right";
  const [one, two] = yield* aligned(image1, image2, how, sideBySide);
  const channels = Math.max(one.dims[3] as number, two.dims[3] as number);
  const pair = [withChannels(one, channels), withChannels(two, channels)] as const;
  const [first, second] = direction === "left" || direction === "up" ? [pair[1], pair[0]] : pair;
  const [batch1, height1, width1] = imageDims(first);
  const [batch2, height2, width2] = imageDims(second);
  const gap = spacing + (spacing % 2);
  const batch = Math.max(batch1, batch2);
  const result = sideBySide
    ? newTensor(batch, height1, width1 + gap + width2, channels)
    : newTensor(batch, height1 + gap + height2, width1, channels);
  if (gap > 0) fill(result, COLORS[color]);
  const item = (count: number) => (b: number) => Math.min(b, count - 1);
  paste(result, first, 0, 0, item(batch1));
  paste(result, second, sideBySide ? width1 + gap : 0, sideBySide ? 0 : height1 + gap, item(batch2));
  return result;
}

/** Paints pictures in one colour, opaque. */
function fill({ dims, data }: Image, color: readonly number[]): void {
  const channels = dims[3] as number;
  for (let i = 0; i < data.length; i++) data[i] = color[i % channels] ?? 1;
}
