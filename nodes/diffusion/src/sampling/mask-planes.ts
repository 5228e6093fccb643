import { elements, type Tensor } from "@mezzotint/engine";
import { type Crop, resizePlanes } from "@mezzotint/nodes-core";

/** A mask [height, width] or [batch, height, width] as planes [batch, 1, height, width]. Throws for anything else. */
export function maskPlanes({ dims, data }: Tensor): Tensor {
  if ((dims.length !== 2 && dims.length !== 3) || elements(dims) !== data.length || data.length === 0) {
    throw new Error(`a mask is [batch, height, width]; this one is [${dims.join(", ")}] with ${data.length} values`);
  }
  return { dims: [dims.length === 2 ? 1 : dims[0]!, 1, ...dims.slice(-2)], data };
}

/** A mask's planes [batch, 1, height, width] at another size, bilinearly. `center` cuts off what is of another shape. */
export function resizeMask(mask: Tensor, width: number, height: number, crop: Crop = "disabled"): Tensor {
  const planes = maskPlanes(mask);
  if (planes.dims[2] === height && planes.dims[3] === width) return planes;
  return resizePlanes(planes, width, height, "bilinear", crop);
}

/** 1 where a mask selects more than half, else 0: torch's `round` of 0 to 1, where a half goes to the even 0. */
export const rounded = (value: number): number => (value > 0.5 ? 1 : 0);
