// @ts-check
/**
 * Writes a UNet with Stable Diffusion 1.5's keys and shapes (single-file layout, fp16, 859.5 M parameters) and random
 * weights: the real size without the real picture. `node test/speed/make-sd15.mjs FILE`
 */
import { randomFillSync } from "node:crypto";
import { existsSync } from "node:fs";
import { open, rename } from "node:fs/promises";

const CHANNELS = 320;
const EMBEDDING = 4 * CHANNELS;
const CONTEXT = 768;
const MULTIPLIERS = [1, 2, 4, 4];
const LAYERS = 2;
const PREFIX = "model.diffusion_model.";

/** Every key with its shape, in the order of a forward pass. @returns {Map<string, number[]>} */
export function sd15Shapes() {
  /** @type {Map<string, number[]>} */
  const shapes = new Map();
  const put = (/** @type {string} */ name, /** @type {number[]} */ weight, bias = true) => {
    shapes.set(`${PREFIX}${name}.weight`, weight);
    if (bias) shapes.set(`${PREFIX}${name}.bias`, [/** @type {number} */ (weight[0])]);
  };
  const conv = (/** @type {string} */ name, /** @type {number} */ from, /** @type {number} */ to, size = 3) =>
    put(name, [to, from, size, size]);
  const norm = (/** @type {string} */ name, /** @type {number} */ width) => put(name, [width]);

  const resnet = (/** @type {string} */ at, /** @type {number} */ from, /** @type {number} */ to) => {
    norm(`${at}.in_layers.0`, from);
    conv(`${at}.in_layers.2`, from, to);
    put(`${at}.emb_layers.1`, [to, EMBEDDING]);
    norm(`${at}.out_layers.0`, to);
    conv(`${at}.out_layers.3`, to, to);
    if (from !== to) conv(`${at}.skip_connection`, from, to, 1);
  };
  const transformer = (/** @type {string} */ at, /** @type {number} */ width) => {
    norm(`${at}.norm`, width);
    conv(`${at}.proj_in`, width, width, 1);
    const block = `${at}.transformer_blocks.0`;
    for (const [attention, context] of /** @type {const} */ ([
      ["attn1", width],
      ["attn2", CONTEXT],
    ])) {
      put(`${block}.${attention}.to_q`, [width, width], false);
      put(`${block}.${attention}.to_k`, [width, context], false);
      put(`${block}.${attention}.to_v`, [width, context], false);
      put(`${block}.${attention}.to_out.0`, [width, width]);
    }
    put(`${block}.ff.net.0.proj`, [8 * width, width]);
    put(`${block}.ff.net.2`, [width, 4 * width]);
    for (const n of [1, 2, 3]) norm(`${block}.norm${n}`, width);
    conv(`${at}.proj_out`, width, width, 1);
  };

  put("time_embed.0", [EMBEDDING, CHANNELS]);
  put("time_embed.2", [EMBEDDING, EMBEDDING]);
  conv("input_blocks.0.0", 4, CHANNELS);
  const skips = [CHANNELS];
  let width = CHANNELS;
  let index = 1;
  MULTIPLIERS.forEach((multiplier, level) => {
    for (let i = 0; i < LAYERS; i++, index++) {
      resnet(`input_blocks.${index}.0`, width, multiplier * CHANNELS);
      width = multiplier * CHANNELS;
      if (level < 3) transformer(`input_blocks.${index}.1`, width);
      skips.push(width);
    }
    if (level < 3) {
      conv(`input_blocks.${index++}.0.op`, width, width);
      skips.push(width);
    }
  });
  resnet("middle_block.0", width, width);
  transformer("middle_block.1", width);
  resnet("middle_block.2", width, width);
  index = 0;
  for (let level = 3; level >= 0; level--) {
    const to = /** @type {number} */ (MULTIPLIERS[level]) * CHANNELS;
    for (let i = 0; i <= LAYERS; i++, index++) {
      resnet(`output_blocks.${index}.0`, width + /** @type {number} */ (skips.pop()), to);
      width = to;
      if (level < 3) transformer(`output_blocks.${index}.1`, width);
      if (i === LAYERS && level > 0) conv(`output_blocks.${index}.${level < 3 ? 2 : 1}.conv`, width, width);
    }
  }
  norm("out.0", width);
  conv("out.2", width, 4);
  return shapes;
}

/** Writes the file unless it is there; written aside and renamed. @param {string} path */
export async function makeSd15(path) {
  if (existsSync(path)) return;
  let offset = 0;
  /** @type {Record<string, unknown>} */
  const header = {};
  for (const [name, shape] of sd15Shapes()) {
    const length = 2 * shape.reduce((product, n) => product * n, 1);
    header[name] = { dtype: "F16", shape, data_offsets: [offset, offset + length] };
    offset += length;
  }
  const json = Buffer.from(JSON.stringify(header));
  const padded = Buffer.concat([json, Buffer.alloc((8 - (json.length % 8)) % 8, " ")]);
  const size = Buffer.alloc(8);
  size.writeBigUInt64LE(BigInt(padded.length));
  const file = await open(`${path}.part`, "w");
  await file.write(size);
  await file.write(padded);
  for (const [name, shape] of sd15Shapes()) await file.write(values(name, shape));
  await file.close();
  await rename(`${path}.part`, path);
}

/**
 * Random fp16 values of a size that keeps activations near one: ±1/√fan-in for matrices and kernels, one for norms,
 * zero for biases.
 * @param {string} name @param {number[]} shape
 */
function values(name, shape) {
  const count = shape.reduce((product, n) => product * n, 1);
  const bits = new Uint16Array(count);
  if (shape.length === 1) return Buffer.from(bits.fill(name.endsWith(".weight") ? 0x3c00 : 0).buffer);
  // fp16 with a fixed exponent below 1/√fan-in, a random sign and a random mantissa.
  const exponent = 15 + Math.floor(Math.log2(1 / Math.sqrt(count / /** @type {number} */ (shape[0]))));
  randomFillSync(bits);
  for (let i = 0; i < count; i++) bits[i] = /** @type {number} */ (bits[i] & 0x83ff) | (exponent << 10);
  return Buffer.from(bits.buffer);
}

if (process.argv[1] === import.meta.filename) {
  const [path] = process.argv.slice(2);
  if (!path) throw new Error("usage: node test/speed/make-sd15.mjs FILE");
  await makeSd15(path);
}
