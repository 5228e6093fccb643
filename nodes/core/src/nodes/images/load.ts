import { type CheckContext, choice, choiceOf, defineNode } from "@mezzotint/engine";
import { contentHash } from "../../files/identity.js";
import { FOLDERS } from "../../folders.js";
import { imageAsMask, imageDims, newTensor } from "../../images/allocate.js";
import { CHANNELS, channelOf } from "../../images/channel-mask.js";
import { decodeImage } from "../../images/decode.js";
import { IMAGE, MASK, type Mask } from "../../sockets.js";

const [RED, GREEN, BLUE] = CHANNELS;
const COLOR_CHANNELS = [RED, GREEN, BLUE] as const;

const firstOf = ({ dims: [, height = 0, width = 0], data }: Mask): Mask => ({
  dims: [1, height, width],
  data: data.slice(0, height * width),
});

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** A file of the input folder, by name; which names are good is for `checkFile` to say. */
const file = () => choiceOf((use) => use(FOLDERS).inputs(), { open: true, image_upload: true });

/** What the inputs of both nodes have in common, as far as they are literals. */
interface FileInput {
  readonly image?: string;
}

function checkFile({ image }: FileInput, { use }: CheckContext): string | undefined {
  try {
    if (image !== undefined) use(FOLDERS).input(image);
    return undefined;
  } catch (error) {
    return message(error);
  }
}

const versionOf = async ({ image }: FileInput, { use }: CheckContext): Promise<string> =>
  image === undefined ? "" : contentHash(use(FOLDERS).input(image));

const decode = (name: string, { use }: CheckContext) =>
  decodeImage(use(FOLDERS).input(name), { name: `input file ${JSON.stringify(name)}` });

/** ComfyUI's LoadImage: a file of the input folder, as a picture and a mask of what its alpha hides. */
export const loadImage = defineNode({
  id: "LoadImage",
  title: "Load Image",
  category: "image",
  doc: "Loads a picture from the input folder. The mask is 1 where the picture is transparent.",
  inputs: { image: file() },
  outputs: { IMAGE, MASK },
  resources: ["cpu"],
  check: checkFile,
  version: versionOf,
  run: async ({ image: name }, ctx) => {
    const { image, mask } = await decode(name, ctx);
    return { IMAGE: image, MASK: mask };
  },
});

/**
 * ComfyUI's LoadImageMask: one channel of the first frame of a file. Alpha is 1 where the picture is transparent, and 0
 * all over, in the picture's size, if it has none.
 */
export const loadImageMask = defineNode({
  id: "LoadImageMask",
  title: "Load Image (as Mask)",
  category: "mask",
  doc: "Loads one channel of a picture from the input folder as a mask; of alpha, what it hides.",
  inputs: { image: file(), channel: choice(["alpha", ...COLOR_CHANNELS]) },
  outputs: { MASK },
  resources: ["cpu"],
  check: checkFile,
  version: versionOf,
  run: async ({ image: name, channel }, ctx) => {
    const { image, mask } = await decode(name, ctx);
    const [, height, width] = imageDims(image);
    if (channel !== "alpha") return { MASK: firstOf(imageAsMask(channelOf(image, channel))) };
    // Without alpha the decoder's mask has a size of its own.
    const fits = mask.dims[1] === height && mask.dims[2] === width;
    return { MASK: fits ? firstOf(mask) : newTensor(1, height, width) };
  },
});
