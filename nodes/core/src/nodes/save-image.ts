import { defineNode, hidden, link, text } from "@mezzotint/engine";
import { whyNotWritable } from "../files/folder.js";
import { BadName, relativeName } from "../folders/names.js";
import { FOLDERS } from "../folders.js";
import { pictureTexts } from "../images/metadata.js";
import { saveImages } from "../images/save.js";
import { IMAGE } from "../sockets.js";

const shown = (saved: readonly { filename: string; subfolder: string }[], type: "output" | "temp") => ({
  images: saved.map((image) => ({ ...image, type })),
});

/** ComfyUI's SaveImage: PNG files in the output folder, with the workflow inside. */
export const saveImage = defineNode({
  id: "SaveImage",
  title: "Save Image",
  category: "image",
  doc: "Saves pictures as PNG in the output folder, numbered, with the workflow that made them.",
  inputs: {
    images: link(IMAGE, { tooltip: "The pictures to save." }),
    filename_prefix: text({
      default: "ComfyUI",
      tooltip: "Start of the file names; may name sub-folders, and hold %date:yyyy-MM-dd%, %width% or %KSampler.seed%.",
    }),
    prompt: hidden.prompt,
    extra_pnginfo: hidden.extraPngInfo,
  },
  outputs: {},
  output: true,
  resources: ["cpu"],
  // What the placeholders turn into is checked again when saving; a plain `../` need not wait for a sampler, nor need
  // a folder that cannot be written.
  check: async ({ filename_prefix }, { use }) => {
    try {
      if (filename_prefix !== undefined) relativeName(filename_prefix);
    } catch (error) {
      if (error instanceof BadName) return error.message;
      throw error;
    }
    const reason = await whyNotWritable(use(FOLDERS).output);
    return reason && `the output folder is no place to save in: ${reason}`;
  },
  run: async ({ images, filename_prefix, prompt, extra_pnginfo }, { use, signal, progress, show }) => {
    const saved = await saveImages(images, {
      root: use(FOLDERS).output,
      prefix: filename_prefix,
      compression: 4,
      texts: pictureTexts(prompt, extra_pnginfo),
      now: new Date(),
      prompt,
      signal,
      progress,
    });
    show(shown(saved, "output"));
    return {};
  },
});

/** Previews of two processes do not meet under one name. */
const PROCESS = Array.from({ length: 5 }, () => String.fromCharCode(97 + Math.floor(Math.random() * 26))).join("");

/** ComfyUI's PreviewImage: quickly packed PNG files in the temporary folder. */
export const previewImage = defineNode({
  id: "PreviewImage",
  title: "Preview Image",
  category: "image",
  doc: "Shows pictures without keeping them.",
  inputs: { images: link(IMAGE), prompt: hidden.prompt, extra_pnginfo: hidden.extraPngInfo },
  outputs: {},
  output: true,
  resources: ["cpu"],
  run: async ({ images, prompt, extra_pnginfo }, { use, signal, show }) => {
    const saved = await saveImages(images, {
      root: use(FOLDERS).temp,
      prefix: `ComfyUI_temp_${PROCESS}`,
      compression: 1,
      texts: pictureTexts(prompt, extra_pnginfo),
      now: new Date(),
      signal,
    });
    show(shown(saved, "temp"));
    return {};
  },
});
