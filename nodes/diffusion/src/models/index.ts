export { openCheckpoint } from "./checkpoint.js";
export { checkpointIdentity } from "./checkpoint-identity.js";
export { openClip, openDualClip } from "./clip-file.js";
export { type EncodedPrompt, encodePrompt } from "./clip-prompt.js";
export { type CodingOptions, decodeLatents, encodeImages, samplePosterior } from "./code-image.js";
export type { Posterior } from "./coder.js";
export type { Overrides } from "./describe.js";
export * from "./descriptions.js";
export { findEmbedding } from "./embeddings.js";
export { type EncodedText, type EncodeOptions, encodeTokens } from "./encode-text.js";
export { type Inspection, inspectCheckpoint, type NetworkSummary } from "./inspect.js";
export { PIXEL_SPACE } from "./pixel-space.js";
export {
  clipSession,
  type NetworkSession,
  unetSession,
  unreadKeys,
  vaeDecoderSession,
  vaeEncoderSession,
} from "./sessions.js";
export type { UnetSlots } from "./slots.js";
export { openTinyVae, TINY_VAES } from "./taesd-files.js";
export { vectorCondition } from "./vector-condition.js";
