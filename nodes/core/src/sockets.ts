import { socket, type Tensor } from "@mezzotint/engine";

/** Pictures: float32 [batch, height, width, channels], 0 to 1, sRGB, 3 channels (4 with alpha). */
export type Image = Tensor;
/** See `Image`. */
export const IMAGE = socket<Image>("IMAGE");

/** Masks: float32 [batch, height, width], 0 to 1; 1 is what the mask selects. */
export type Mask = Tensor;
/** See `Mask`. */
export const MASK = socket<Mask>("MASK");
