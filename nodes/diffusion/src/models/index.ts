export { openCheckpoint } from "./checkpoint.js";
export { checkpointIdentity } from "./checkpoint-identity.js";
export { type CodingOptions, decodeLatents, encodeImages, type Posterior, samplePosterior } from "./code-image.js";
export type { Overrides } from "./describe.js";
export * from "./descriptions.js";
export { type EncodedText, encodeTokens, windowsOf } from "./encode-text.js";
export { type Inspection, inspectCheckpoint, type NetworkSummary } from "./inspect.js";
export {
  clipSession,
  type NetworkSession,
  unetSession,
  unreadKeys,
  vaeDecoderSession,
  vaeEncoderSession,
} from "./sessions.js";
export type { UnetSlots } from "./slots.js";
export { vectorCondition } from "./vector-condition.js";
