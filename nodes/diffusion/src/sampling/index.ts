export { type BrownianTree, brownianTree } from "./brownian.js";
export { guide, mean, needsNegative } from "./guidance.js";
export { type Kept, keeping } from "./inpaint.js";
export { SAMPLING_OPTIONS, type SamplingOptions } from "./options.js";
export { type Preconditioning, preconditioning, startingNoise } from "./prediction.js";
export { prepareNoise } from "./prepare-noise.js";
export {
  type SampledStep,
  type SampleRequest,
  type ScheduledRequest,
  sampleLatent,
  sampleSchedule,
} from "./sample.js";
export * from "./samplers/index.js";
export * from "./schedules/index.js";
export { type SigmaTable, sigmaAt, sigmaAtPercent, sigmaTable, stepAt } from "./sigma-table.js";
export { type Run, solve } from "./solve.js";
export { TorchGenerator, torchGenerator } from "./torch-generator.js";
