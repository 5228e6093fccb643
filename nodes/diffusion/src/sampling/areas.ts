import type { Tensor } from "@mezzotint/engine";
import { roundHalfEven } from "@mezzotint/nodes-core";
import type { Area } from "../sockets.js";

/** A rectangle of latent cells. */
export interface Rect {
  readonly height: number;
  readonly width: number;
  readonly y: number;
  readonly x: number;
}

/** The least side of the rectangle around a mask: less is too little for a network to make anything of. */
const LEAST_SIDE = 8;

/** An area in cells of a latent. One in parts of it is rounded, and at least a cell large; it may go over the edges. */
export function areaInCells({ relative = false, height, width, y, x }: Area, rows: number, columns: number): Rect {
  if (!relative) return { height, width, y, x };
  return {
    height: Math.max(1, roundHalfEven(height * rows)),
    width: Math.max(1, roundHalfEven(width * columns)),
    y: roundHalfEven(y * rows),
    x: roundHalfEven(x * columns),
  };
}

/** The rectangle around what any of a mask's planes [batch, 1, height, width] selects; in a corner when none does. */
export function boundsOf({ dims, data }: Tensor): Rect {
  const [, , height = 0, width = 0] = dims;
  let [top, left, bottom, right] = [height, width, -1, -1];
  for (let i = 0; i < data.length; i++) {
    if (data[i] === 0) continue;
    const column = i % width;
    const row = Math.floor(i / width) % height;
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  }
  if (bottom < 0) return { height: LEAST_SIDE, width: LEAST_SIDE, y: 0, x: 0 };
  const side = (first: number, last: number): number => Math.max(LEAST_SIDE, last - first + 1);
  return { height: side(top, bottom), width: side(left, right), y: top, x: left };
}

/** Whether a rectangle lies within another. */
export const isWithin = (inner: Rect, outer: Rect): boolean =>
  inner.y >= outer.y &&
  inner.x >= outer.x &&
  inner.y + inner.height <= outer.y + outer.height &&
  inner.x + inner.width <= outer.x + outer.width;

/** What of a rectangle lies on a latent. Throws when nothing does, saying where the latent ends. */
export function onLatent({ height, width, y, x }: Rect, rows: number, columns: number): Rect {
  if (y >= rows || x >= columns || height < 1 || width < 1) {
    throw new Error(
      `a condition holds for ${width}×${height} cells from column ${x} and row ${y} on, outside of the latent's ${columns}×${rows}: move its area, or make the latent larger`,
    );
  }
  return { height: Math.min(height, rows - y), width: Math.min(width, columns - x), y, x };
}

/** A rectangle of planes [..., height, width], by itself. */
export function cutWindow({ dims, data }: Tensor, window: Rect): Tensor {
  const [height = 0, width = 0] = dims.slice(-2);
  const count = data.length / (height * width);
  const cut = new Float32Array(count * window.height * window.width);
  let to = 0;
  for (let plane = 0; plane < count; plane++) {
    for (let row = 0; row < window.height; row++, to += window.width) {
      const from = (plane * height + window.y + row) * width + window.x;
      cut.set(data.subarray(from, from + window.width), to);
    }
  }
  return { dims: [...dims.slice(0, -2), window.height, window.width], data: cut };
}
