// @ts-check
// Fits the colours of a model's latents, for previews: `node nodes/diffusion/tools/fit-latent-colours.mjs MODEL PICTURES`.
// MODEL is a diffusers folder; PICTURES is a folder of pictures such as it makes, or a file of raw 128×128 RGBA pictures
// as models/emoji/train/prepare.mjs writes (premultiplied; put on white here). It writes MODEL/latent_colours.json.
//
// Red, green and blue of a cell's mean colour are each a linear function of its latent channels: least squares over all
// cells of all pictures.
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startInference } from "@mezzotint/engine/onnx";
import { decodeImage, resizeImage } from "@mezzotint/nodes-core";
import { encodeImages, openCheckpoint } from "@mezzotint/nodes-diffusion";

/** @typedef {import("@mezzotint/nodes-core").Image} Image */

const RAW = { side: 128, channels: 4 };
/** Enough for a fit of a few numbers: over 100,000 cells. */
const MOST_PICTURES = 500;

/** Up to `MOST_PICTURES` pictures, evenly chosen. @param {string} path @returns {AsyncGenerator<Image>} */
async function* picturesOf(path) {
  if (path.endsWith(".rgba")) {
    const bytes = await readFile(path);
    const size = RAW.side ** 2 * RAW.channels;
    for (const i of chosen(Math.floor(bytes.length / size))) yield onWhite(bytes.subarray(i * size, (i + 1) * size));
    return;
  }
  const names = (await readdir(path)).filter((name) => /\.(png|jpe?g|webp)$/i.test(name)).sort();
  for (const i of chosen(names.length)) yield (await decodeImage(join(path, /** @type {string} */ (names[i])))).image;
}

/** @param {number} count @returns {number[]} */
function chosen(count) {
  const step = Math.max(1, count / MOST_PICTURES);
  return Array.from({ length: Math.floor(count / step) }, (_, i) => Math.floor(i * step));
}

/** @param {Uint8Array} bytes @returns {Image} */
function onWhite(bytes) {
  const data = new Float32Array(RAW.side ** 2 * 3);
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3) * RAW.channels;
    data[i] = Math.min(1, (at(bytes, pixel + (i % 3)) + 255 - at(bytes, pixel + 3)) / 255);
  }
  return { dims: [1, RAW.side, RAW.side, 3], data };
}

/** @param {ArrayLike<number>} list @param {number} i */
const at = (list, i) => /** @type {number} */ (list[i]);

/** Solves a·x = b for several right-hand sides by elimination with pivots; both are overwritten. @param {number[][]} a @param {number[][]} b */
function solve(a, b) {
  const size = a.length;
  const rows = a.map((row, i) => [...row, .../** @type {number[]} */ (b[i])]);
  /** @param {number} i */
  const row = (i) => /** @type {number[]} */ (rows[i]);
  for (let column = 0; column < size; column++) {
    let pivot = column;
    for (let i = column; i < size; i++) if (Math.abs(at(row(i), column)) > Math.abs(at(row(pivot), column))) pivot = i;
    [rows[column], rows[pivot]] = [row(pivot), row(column)];
    if (Math.abs(at(row(column), column)) < 1e-9)
      throw new Error("the latents do not tell channels apart: use more pictures");
    for (let i = 0; i < size; i++) {
      if (i === column) continue;
      const factor = at(row(i), column) / at(row(column), column);
      rows[i] = row(i).map((value, j) => value - factor * at(row(column), j));
    }
  }
  return rows.map((values, i) => values.slice(size).map((value) => value / at(values, i)));
}

const [model, pictures] = process.argv.slice(2);
if (model === undefined || pictures === undefined) throw new Error("usage: fit-latent-colours.mjs MODEL PICTURES");
const { vae } = await openCheckpoint(model);
if (!vae) throw new Error(`${model} has no autoencoder`);
const { channels, scale, factor } = vae.latent;
const unknowns = channels + 1;
const normal = Array.from({ length: unknowns }, () => new Array(unknowns).fill(0));
const right = Array.from({ length: unknowns }, () => [0, 0, 0]);
let [squares, cells, count] = [0, 0, 0];

const inference = startInference();
try {
  for await (const image of picturesOf(pictures)) {
    const { mean } = await encodeImages(inference, vae, image);
    const [, , height = 0, width = 0] = mean.dims;
    const colours = resizeImage(image, width, height, "area").data;
    for (let cell = 0; cell < height * width; cell++) {
      const known = Array.from({ length: channels }, (_, c) => at(mean.data, c * height * width + cell) * scale);
      known.push(1);
      const rgb = [0, 1, 2].map((c) => at(colours, cell * 3 + c));
      for (const [i, x] of known.entries()) {
        const [line, target] = [/** @type {number[]} */ (normal[i]), /** @type {number[]} */ (right[i])];
        for (const [j, y] of known.entries()) line[j] = at(line, j) + x * y;
        for (const [c, value] of rgb.entries()) target[c] = at(target, c) + x * value;
      }
      squares += rgb.reduce((sum, value) => sum + value * value, 0);
    }
    cells += height * width;
    count++;
  }
} finally {
  await inference.close();
}
const fitted = solve(normal, right);
// |y - Xw|² = |y|² - w·Xᵀy at the least squares.
const rest =
  squares - fitted.flatMap((row, i) => row.map((w, c) => w * at(right[i] ?? [], c))).reduce((a, b) => a + b, 0);
const rounded = fitted.map((row) => row.map((value) => Number(value.toFixed(4))));
const lines = rounded.map((row) => `[${row.join(", ")}]`);
await writeFile(
  join(model, "latent_colours.json"),
  `{\n  "factors": [\n    ${lines.slice(0, -1).join(",\n    ")}\n  ],\n  "bias": ${lines.at(-1)}\n}\n`,
);
console.log(
  `${count} pictures, ${cells} cells of ${factor}×${factor} pixels; error ${Math.sqrt(Math.max(0, rest) / cells / 3).toFixed(4)} (rms, of 1)`,
);
