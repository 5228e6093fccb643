// @ts-check
/**
 * What sampling costs beside the network: wall time of a step less the time the host says the network ran. For the
 * embedded model, and for a latent and a text of Stable Diffusion 1.5's size through a UNet that is small.
 */
import { join } from "node:path";
import { startInference } from "@mezzotint/engine/onnx";
import { openCheckpoint, sampleLatent, samplers, schedulers } from "@mezzotint/nodes-diffusion";
import { median, report } from "./report.mjs";

const STEPS = 20;
const inference = startInference();
const { model } = await openCheckpoint(join(import.meta.dirname, "../../models/emoji/model"));
if (!model) throw new Error("the embedded model has no UNet");
const width = model.takes.context;

for (const [name, size, target] of /** @type {const} */ ([
  ["embedded-model", 16, 1],
  ["sd15-at-512", 64, 10],
])) {
  /** @type {number[]} */
  const own = [];
  for (const measured of [false, true]) {
    const condition = () => [{ tokens: { dims: [1, 77, width], data: new Float32Array(77 * width).fill(0.1) } }];
    await sampleLatent({
      model,
      inference,
      positive: condition(),
      negative: condition(),
      latent: { samples: { dims: [1, 4, size, size], data: new Float32Array(4 * size * size) } },
      seed: 1n,
      steps: STEPS,
      cfg: 5,
      sampler: samplers.euler,
      scheduler: schedulers.normal,
      onStep: ({ ms, hostMs }) => void (measured && own.push(ms - hostMs)),
    });
  }
  // The first step creates the session and starts the clock early.
  report({ name: `sampler.own-cost.${name}`, value: median(own.slice(1)), unit: "ms a step", target, better: "lower" });
}
await inference.close();
