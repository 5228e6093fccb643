// @ts-check
import { resizePlanes } from "@mezzotint/nodes-core";
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
  for (const name of io.keys())
    if (/^out\.(pil|cv2|clip)/.test(name)) yield { name: name.slice(4), needs: "image filters" };
}

/** A picture [H,W,C] as [1,C,H,W]. @param {import("@mezzotint/engine").Tensor} image */
function planes({ dims: [height = 0, width = 0, channels = 0], data }) {
  const plane = height * width;
  return {
    dims: [1, channels, height, width],
    data: Float32Array.from(data, (_, i) => Number(data[(i % plane) * channels + Math.floor(i / plane)])),
  };
}
