// @ts-check
import { clipPixels, cvResize, finished, pillowGrey, pillowResize, resizePlanes } from "@mezzotint/nodes-core";
import { floats, tensor } from "../read-set.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */

/** Sizes of the latents that the sets resize. */
const LATENT = { width: 12, height: 14 };

/** Pictures and latents in other sizes, by ComfyUI's methods. @type {Handler} */
export async function* resize(c, { set }) {
  const io = await set.tensors(c.files.io);
  for (const { key, fn, method, width = LATENT.width, height = LATENT.height, crop = "disabled" } of c.entries)
    yield {
      name: key,
      compare: () => {
        const source = fn === "common_upscale" ? planes(floats(io, "in.a")) : floats(io, "in.latent");
        return [
          {
            got: resizePlanes(source, width, height, method, crop).data,
            want: tensor(io, `out.${key}`).data,
            ...c.tolerance,
          },
        ];
      },
    };
  const picture = () => bytes(tensor(io, "in.a_u8"));
  for (const name of io.keys()) {
    const [, kind, what = "", size = ""] = /^out\.(cv2|pil|clip_preprocess)\.(\w+)(?:\.(\d+x\d+))?$/.exec(name) ?? [];
    if (kind === undefined) continue;
    const want = () => tensor(io, name).data;
    const [width = 0, height = 0] = size.split("x").map(Number);
    if (kind === "clip_preprocess")
      yield {
        name: name.slice(4),
        compare: () => {
          const pixels = clipPixels(batched(floats(io, "in.a")), { size: c.clip_size, crop: what === "crop" });
          return [{ got: finished(pixels).data, want: want(), ...c.tolerance }];
        },
      };
    else
      yield {
        name: name.slice(4),
        compare: async () => {
          const made =
            kind === "cv2"
              ? await cvResize(picture(), width, height, cvMethod(what))
              : what === "L"
                ? pillowGrey(picture())
                : pillowResize(picture(), width, height, pillowFilter(what));
          return [{ got: made.data, want: want(), atol: BYTE, rtol: 0 }];
        },
      };
  }
}

/** The manifest lets bytes differ by this much. */
const BYTE = 1;

/** @param {string} name @returns {import("@mezzotint/nodes-core").CvResizeMethod} */
const cvMethod = (name) => /** @type {any} */ (name.replace("INTER_", "").toLowerCase());

/** @param {string} name @returns {import("@mezzotint/nodes-core").PillowFilter} */
const pillowFilter = (name) => /** @type {any} */ (name);

/** A picture of bytes, [H,W,3]. @param {import("../read-set.mjs").Stored} stored @returns {import("@mezzotint/nodes-core").BytePicture} */
const bytes = ({ dims: [height = 0, width = 0], data }) => ({
  width,
  height,
  channels: 3,
  data: Uint8Array.from(data, Number),
});

/** A picture as a batch of one. @param {import("@mezzotint/engine").Tensor} image */
const batched = ({ dims, data }) => ({ dims: [1, ...dims], data });

/** A picture [H,W,C] as [1,C,H,W]. @param {import("@mezzotint/engine").Tensor} image */
function planes({ dims: [height = 0, width = 0, channels = 0], data }) {
  const plane = height * width;
  return {
    dims: [1, channels, height, width],
    data: Float32Array.from(data, (_, i) => Number(data[(i % plane) * channels + Math.floor(i / plane)])),
  };
}
