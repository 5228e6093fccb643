// @ts-check
import { cvResize, resizePlanes } from "@mezzotint/nodes-core";
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
  for (const name of io.keys()) {
    const found = /^out\.cv2\.INTER_(\w+)\.(\d+)x(\d+)$/.exec(name);
    if (found)
      yield {
        name: name.slice(4),
        compare: async () => {
          const [, method = "", width, height] = found;
          const { data } = await cvResize(
            bytes(tensor(io, "in.a_u8")),
            Number(width),
            Number(height),
            cvMethod(method),
          );
          return [{ got: data, want: tensor(io, name).data, atol: BYTE, rtol: 0 }];
        },
      };
    else if (/^out\.(pil|clip)/.test(name)) yield { name: name.slice(4), needs: "IP-Adapter" };
  }
}

/** The manifest lets bytes differ by this much. */
const BYTE = 1;

/** @param {string} name @returns {import("@mezzotint/nodes-core").CvResizeMethod} */
const cvMethod = (name) => /** @type {any} */ (name.toLowerCase());

/** A picture of bytes, [H,W,3]. @param {import("../read-set.mjs").Stored} stored @returns {import("@mezzotint/nodes-core").BytePicture} */
const bytes = ({ dims: [height = 0, width = 0], data }) => ({
  width,
  height,
  channels: 3,
  data: Uint8Array.from(data, Number),
});

/** A picture [H,W,C] as [1,C,H,W]. @param {import("@mezzotint/engine").Tensor} image */
function planes({ dims: [height = 0, width = 0, channels = 0], data }) {
  const plane = height * width;
  return {
    dims: [1, channels, height, width],
    data: Float32Array.from(data, (_, i) => Number(data[(i % plane) * channels + Math.floor(i / plane)])),
  };
}
