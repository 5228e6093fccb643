import { choiceOf, defineNode } from "@mezzotint/engine";
import { contentHash } from "../files/identity.js";
import { FOLDERS } from "../folders.js";
import { decodeImage } from "../images/decode.js";
import { IMAGE, MASK } from "../sockets.js";

const message = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** ComfyUI's LoadImage: a file of the input folder, as a picture and a mask of what its alpha hides. */
export const loadImage = defineNode({
  id: "LoadImage",
  title: "Load Image",
  category: "image",
  doc: "Loads a picture from the input folder. The mask is 1 where the picture is transparent.",
  inputs: { image: choiceOf((use) => use(FOLDERS).inputs(), { open: true, image_upload: true }) },
  outputs: { IMAGE, MASK },
  resources: ["cpu"],
  check: ({ image }, { use }) => {
    try {
      if (image !== undefined) use(FOLDERS).input(image);
      return undefined;
    } catch (error) {
      return message(error);
    }
  },
  version: async ({ image }, { use }) => (image === undefined ? "" : contentHash(use(FOLDERS).input(image))),
  run: async ({ image: name }, { use }) => {
    const { image, mask } = await decodeImage(use(FOLDERS).input(name), { name: `input file ${JSON.stringify(name)}` });
    return { IMAGE: image, MASK: mask };
  },
});
