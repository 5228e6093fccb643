import { createRequire } from "node:module";
import { definePack } from "@mezzotint/engine";
import { loopResult } from "./loops/loop-result.js";
import { endLoop, innerEndLoop, innerStartLoop, startLoop } from "./loops/nodes.js";
import { loopSettings } from "./loops/settings.js";
import {
  emptyImage,
  getImageSize,
  imageBatch,
  imageFromBatch,
  imageInvert,
  repeatImageBatch,
} from "./nodes/batches.js";
import { loadImage } from "./nodes/load-image.js";
import { previewAny } from "./nodes/preview-any.js";
import {
  primitiveBoolean,
  primitiveFloat,
  primitiveInt,
  primitiveString,
  primitiveStringMultiline,
} from "./nodes/primitives.js";
import { previewImage, saveImage } from "./nodes/save-image.js";
import { imageScale } from "./nodes/scale-image.js";
import { stringConcatenate } from "./nodes/strings.js";

export { contentHash, identify } from "./files/identity.js";
export { kindName, MODEL_KINDS } from "./folders/kinds.js";
export { type FolderOptions, type ModelRoot, openFolders } from "./folders/open-folders.js";
export { FOLDERS, type Folders } from "./folders.js";
export { newTensor } from "./images/allocate.js";
export { DECODE_LIMITS, type DecodeLimits, decodeImage } from "./images/decode.js";
export { encodePng, encodePreview } from "./images/encode.js";
export { holdsText, readPictureText, withPictureText } from "./images/picture-text.js";
export {
  CROPS,
  type Crop,
  IMAGE_RESIZE_METHODS,
  LATENT_RESIZE_METHODS,
  type ResizeMethod,
  resizeImage,
  resizePlanes,
} from "./images/resize.js";
export { IMAGE, type Image, MASK, type Mask } from "./sockets.js";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Mezzotint's core nodes. */
export default definePack({
  name: "@mezzotint/nodes-core",
  version,
  nodes: [
    loadImage,
    saveImage,
    previewImage,
    imageScale,
    imageBatch,
    imageFromBatch,
    repeatImageBatch,
    imageInvert,
    emptyImage,
    getImageSize,
    primitiveInt,
    primitiveFloat,
    primitiveString,
    primitiveStringMultiline,
    primitiveBoolean,
    stringConcatenate,
    previewAny,
    startLoop,
    endLoop,
    loopSettings,
    loopResult,
    innerStartLoop,
    innerEndLoop,
  ],
});
