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
} from "./nodes/images/batches.js";
import { imageCompositeMasked, imagePadForOutpaint, imageStitch } from "./nodes/images/compose.js";
import { cannyEdges, imageBlend, imageBlur, imageSharpen } from "./nodes/images/filter.js";
import { loadImage, loadImageMask } from "./nodes/images/load.js";
import {
  imageScale,
  imageScaleBy,
  imageScaleToMaxDimension,
  imageScaleToTotalPixels,
  resizeAndPadImage,
} from "./nodes/images/scale.js";
import { imageCrop, imageFlip, imageRotate } from "./nodes/images/transform.js";
import { customCombo } from "./nodes/logic/custom-combo.js";
import { comfyPassOrNone, comfySwitch } from "./nodes/logic/switch.js";
import { comfyAnd, comfyNot, comfyOr } from "./nodes/logic/truth.js";
import { maskComposite } from "./nodes/masks/combine.js";
import { imageColorToMask, imageToMask, maskToImage } from "./nodes/masks/convert.js";
import { cropMask, featherMask, growMask } from "./nodes/masks/shape.js";
import { invertMask, solidMask, thresholdMask } from "./nodes/masks/values.js";
import { previewAny } from "./nodes/preview-any.js";
import {
  primitiveBoolean,
  primitiveFloat,
  primitiveInt,
  primitiveString,
  primitiveStringMultiline,
} from "./nodes/primitives.js";
import { previewImage, saveImage } from "./nodes/save-image.js";
import { saveImageWebsocket } from "./nodes/save-image-websocket.js";
import { stringConcatenate } from "./nodes/text/join.js";
import { stringReplace } from "./nodes/text/replace.js";

export { makeFolder } from "./files/folder.js";
export { contentHash, identify } from "./files/identity.js";
export { claimName } from "./files/write-new.js";
export { kindName, MODEL_KINDS } from "./folders/kinds.js";
export { BadName, relativeName } from "./folders/names.js";
export { type FolderOptions, type ModelRoot, openFolders } from "./folders/open-folders.js";
export { FOLDERS, type Folders } from "./folders.js";
export { newTensor, planeDims } from "./images/allocate.js";
export type { BytePicture } from "./images/byte-picture.js";
export { canny } from "./images/canny.js";
export { clipPixels } from "./images/clip-pixels.js";
export { DECODE_LIMITS, type DecodeLimits, decodeImage } from "./images/decode.js";
export { encodePng, encodePreview } from "./images/encode.js";
export { pictureTexts } from "./images/metadata.js";
export { type CvResizeMethod, cvCanny, cvResize } from "./images/opencv.js";
export { holdsText, readPictureText, withPictureText } from "./images/picture-text.js";
export { type PillowFilter, pillowGrey, pillowResize } from "./images/pillow.js";
export {
  CROPS,
  type Crop,
  IMAGE_RESIZE_METHODS,
  LATENT_RESIZE_METHODS,
  type ResizeMethod,
  resizeImage,
  resizePlanes,
  roundHalfEven,
} from "./images/resize.js";
export { type PictureType, pictureType } from "./images/sniff.js";
export { checkPicture, type Transcoding, transcode, withAlphaOf } from "./images/transcode.js";
export { IMAGE, type Image, MASK, type Mask } from "./sockets.js";
export { finished, paced, type Steps } from "./steps.js";

const { version } = createRequire(import.meta.url)("../package.json") as { version: string };

/** Mezzotint's core nodes. */
export default definePack({
  name: "@mezzotint/nodes-core",
  version,
  nodes: [
    loadImage,
    loadImageMask,
    saveImage,
    previewImage,
    saveImageWebsocket,
    imageScale,
    imageScaleBy,
    imageScaleToTotalPixels,
    imageScaleToMaxDimension,
    resizeAndPadImage,
    imagePadForOutpaint,
    imageCrop,
    imageFlip,
    imageRotate,
    imageStitch,
    imageCompositeMasked,
    imageBlend,
    imageBlur,
    imageSharpen,
    cannyEdges,
    imageBatch,
    imageFromBatch,
    repeatImageBatch,
    imageInvert,
    emptyImage,
    getImageSize,
    maskToImage,
    imageToMask,
    imageColorToMask,
    solidMask,
    invertMask,
    thresholdMask,
    cropMask,
    featherMask,
    growMask,
    maskComposite,
    primitiveInt,
    primitiveFloat,
    primitiveString,
    primitiveStringMultiline,
    primitiveBoolean,
    stringConcatenate,
    stringReplace,
    previewAny,
    comfySwitch,
    comfyPassOrNone,
    comfyAnd,
    comfyOr,
    comfyNot,
    customCombo,
    startLoop,
    endLoop,
    loopSettings,
    loopResult,
    innerStartLoop,
    innerEndLoop,
  ],
});
