import { add, conv2d, linear, type Module, silu, unsqueeze, type Value, type Weights } from "@mezzotint/engine/onnx";
import { norm } from "./norm.js";

/** What a residual block's weights cannot tell. */
export interface ResnetOptions {
  readonly groups: number;
  readonly epsilon: number;
  /** The activated embedding of time [B,D] that shifts each channel. Autoencoders have none. */
  readonly time?: Value;
  /** Its 3×3 convolutions; `conv2d` by default. */
  readonly conv?: (w: Weights) => Module;
}

/** Residual block over [B,C,H,W]: norm, SiLU and convolution twice (diffusers `ResnetBlock2D`, LDM `ResBlock`). */
export const resnet =
  (w: Weights, { groups, epsilon, time, conv = conv2d }: ResnetOptions): Module =>
  (x) => {
    let h = x.pipe(norm(w.at("norm1"), { groups, epsilon }), silu, conv(w.at("conv1")));
    if (time) h = add(h, time.pipe(linear(w.at("time_emb_proj")), unsqueeze(2, 3)));
    h = h.pipe(norm(w.at("norm2"), { groups, epsilon }), silu, conv(w.at("conv2")));
    return add(w.has("conv_shortcut.weight") ? conv2d(w.at("conv_shortcut"))(x) : x, h);
  };
