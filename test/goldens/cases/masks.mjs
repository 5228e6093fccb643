// @ts-check
import { floats, SetError, tensor } from "../read-set.mjs";
import { runNode } from "./core-node.mjs";

/** @typedef {import("./index.mjs").Handler} Handler */
/** @typedef {import("@mezzotint/engine").Tensor} Tensor */

/** Where the sets lay the source of `MaskComposite`, and how large it is. */
const OVERLAP = { x: 4, y: 3, width: 12, height: 10 };
/** How much the sets blend and sharpen. */
const BLEND = 0.6;
const SHARPEN = 1;

/** Masks and filters, through the nodes of their names. @type {Handler} */
export async function* masks(c, { set }) {
  const io = await set.tensors(c.files.io);
  const given = () => ({ mask: floats(io, "in.mask"), mask2: floats(io, "in.mask2"), img: floats(io, "in.img") });
  for (const name of io.keys())
    if (name.startsWith("out."))
      yield {
        name: name.slice(4),
        compare: async () => {
          const got = await compute(c, name.slice(4), given());
          return [{ got: got.data, want: tensor(io, name).data, ...c.tolerance }];
        },
      };
}

/**
 * What the product makes of an entry's inputs.
 * @param {import("../read-set.mjs").Case} c @param {string} entry @param {{ mask: Tensor, mask2: Tensor, img: Tensor }} given
 */
async function compute(c, entry, { mask, mask2, img }) {
  const [what, ...rest] = entry.split(".");
  const [first = "", second = ""] = rest;
  switch (what) {
    case "grow":
    case "grow2":
      return runNode("GrowMask", {
        mask: what === "grow" ? mask : mask2,
        expand: Number(first),
        tapered_corners: second === "True",
      });
    case "feather":
    case "feather_in": {
      const [left, top, right, bottom] = c.feather;
      const whole = { dims: mask.dims, data: mask.data.map(() => 1) };
      return runNode("FeatherMask", { mask: what === "feather" ? whole : mask2, left, top, right, bottom });
    }
    case "invert":
      return runNode("InvertMask", { mask: mask2 });
    case "threshold":
      return runNode("ThresholdMask", { mask: mask2, value: c.threshold });
    case "crop":
      return runNode("CropMask", { mask: mask2, ...c.crop });
    case "composite": {
      const { x, y, width, height } = OVERLAP;
      const source = await runNode("CropMask", { mask: item(mask2, 0), x: 0, y: 0, width, height });
      return runNode("MaskComposite", { destination: mask, source, x, y, operation: first });
    }
    case "image_to_mask":
      return runNode("ImageToMask", { image: img, channel: first });
    case "blur":
      return runNode("ImageBlur", { image: img, blur_radius: Number(first), sigma: Number(rest.slice(1).join(".")) });
    case "sharpen": {
      const sigma = Number(rest.slice(1).join("."));
      return runNode("ImageSharpen", { image: img, sharpen_radius: Number(first), sigma, alpha: SHARPEN });
    }
    case "blend":
      return runNode("ImageBlend", {
        image1: item(img, 0),
        image2: item(img, 1),
        blend_factor: BLEND,
        blend_mode: first,
      });
    default:
      throw new SetError(`the masks' case has an entry ${entry} that nothing here computes`);
  }
}

/** One item of a batch. @param {Tensor} batch @param {number} i @returns {Tensor} */
function item({ dims: [count = 1, ...rest], data }, i) {
  const size = data.length / count;
  return { dims: [1, ...rest], data: data.slice(i * size, (i + 1) * size) };
}
