// @ts-check
import { cvCanny, finished, canny as kornia } from "@mezzotint/nodes-core";
import { floats, tensor } from "../read-set.mjs";
import { runNode } from "./core-node.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** The manifest says in words how near is near enough: this share of an edge map's pixels may differ, */
const DIFFERING = 0.01;
/** and magnitudes by this much. */
const MAGNITUDE = 1e-4;

/** Edges: of ComfyUI's node, which are kornia's, and of OpenCV, which preprocessors take. @type {Handler} */
export async function* canny(c, { set }) {
  const io = await set.tensors(c.files.io);
  for (const name of io.keys()) {
    const found = /^out\.(\w+)\.(\d+)\.([\d.]+)$/.exec(name);
    if (!found) continue;
    const [, kind, i, bounds = ""] = found;
    const want = () => tensor(io, name).data;
    const image = () => batched(floats(io, `in.canny.${i}`));
    const [low = 0, high = 0] = pair(bounds);
    if (kind === "kornia")
      yield {
        name: name.slice(4),
        compare: async () => {
          const { data } = await runNode("Canny", { image: image(), low_threshold: low, high_threshold: high });
          return [
            mostly(
              data.filter((_, at) => at % 3 === 0),
              want(),
            ),
          ];
        },
      };
    else if (kind === "kornia_mag")
      yield {
        name: name.slice(4),
        compare: () => {
          const { magnitude } = finished(kornia(image(), low, high));
          return [outliers(magnitude.data, want())];
        },
      };
    else
      yield {
        name: name.slice(4),
        compare: async () => {
          const bytes = tensor(io, `in.canny_u8.${i}`);
          const picture = kind === "cv2gray" ? grey(byteImage(bytes)) : byteImage(bytes);
          return [mostly(await cvCanny(picture, low, high), want())];
        },
      };
  }
}

/** A picture of bytes, [H,W,3]. @param {import("../read-set.mjs").Stored} stored @returns {import("@mezzotint/nodes-core").BytePicture} */
const byteImage = ({ dims: [height = 0, width = 0], data }) => ({
  width,
  height,
  channels: 3,
  data: Uint8Array.from(data, Number),
});

/**
 * OpenCV's grey: BT.601 luma in 15 bits of fixed point.
 * @param {import("@mezzotint/nodes-core").BytePicture} picture @returns {import("@mezzotint/nodes-core").BytePicture}
 */
function grey({ width, height, data }) {
  const at = (/** @type {number} */ i) => Number(data[i]);
  const luma = (/** @type {number} */ i) => (at(i) * 9798 + at(i + 1) * 19235 + at(i + 2) * 3735 + 16384) >> 15;
  return { width, height, channels: 1, data: Uint8Array.from({ length: width * height }, (_, i) => luma(3 * i)) };
}

/** Two bounds joined by a dot: whole numbers, or decimals below 1. @param {string} bounds */
const pair = (bounds) => (bounds.match(/0\.\d+|\d+/g) ?? []).map(Number);

/** A picture as a batch of one. @param {import("@mezzotint/engine").Tensor} image */
const batched = ({ dims, data }) => ({ dims: [1, ...dims], data });

/** Whether two edge maps are the same in all but a few pixels. @param {ArrayLike<number>} got @param {ArrayLike<number | bigint>} want */
const mostly = (got, want) => ({ got: [shareOf(got, want, 0)], want: [0], atol: DIFFERING, rtol: 0 });

/** Whether magnitudes are the same in all but a few places, where a tie at a ridge fell the other way. @param {ArrayLike<number>} got @param {ArrayLike<number | bigint>} want */
const outliers = (got, want) => ({ got: [shareOf(got, want, MAGNITUDE)], want: [0], atol: DIFFERING, rtol: 0 });

/** The share of places that differ by more than this. @param {ArrayLike<number>} got @param {ArrayLike<number | bigint>} want @param {number} by */
function shareOf(got, want, by) {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let differing = 0;
  for (let i = 0; i < want.length; i++) if (!(Math.abs(Number(got[i]) - Number(want[i])) <= by)) differing++;
  return differing / want.length;
}
