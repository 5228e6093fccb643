import { defineNode, link } from "@mezzotint/engine";
import { CONDITIONING, GUIDER } from "../sockets.js";
import * as inputs from "./sampling-inputs.js";

/** ComfyUI's BasicGuider. */
export const basicGuider = defineNode({
  id: "BasicGuider",
  category: "sampling/custom_sampling/guiders",
  doc: "Steers a model by one conditioning alone, without guidance: for models that were distilled to need none.",
  inputs: {
    model: inputs.model,
    conditioning: link(CONDITIONING, { tooltip: "What the picture should show." }),
  },
  outputs: { GUIDER },
  run: ({ model, conditioning }) => ({ GUIDER: { model, positive: conditioning, cfg: 1 } }),
});

/** ComfyUI's CFGGuider. */
export const cfgGuider = defineNode({
  id: "CFGGuider",
  category: "sampling/custom_sampling/guiders",
  doc: "Steers a model towards one conditioning and away from another.",
  inputs: { model: inputs.model, positive: inputs.positive, negative: inputs.negative, cfg: inputs.cfg },
  outputs: { GUIDER },
  run: (guider) => ({ GUIDER: guider }),
});
