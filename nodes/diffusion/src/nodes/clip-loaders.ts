import { choice, choiceOf, defineNode, optional } from "@mezzotint/engine";
import { FOLDERS } from "@mezzotint/nodes-core";
import { checkpointIdentity, openClip, openDualClip } from "../models/index.js";
import { CLIP } from "../sockets.js";

const clipName = () => choiceOf((use) => use(FOLDERS).models("text_encoders"), { tooltip: "A .safetensors file." });

/** Where ComfyUI would run the encoder. Here the inference host has one device, whose memory it shares out itself. */
const device = () => optional(choice(["default", "cpu"], { tooltip: "Kept for workflows that set it; no effect." }));

/** Why a kind of model cannot be had; nothing for the one that can. */
const refusal = (type: string | undefined, supported: string): string | undefined =>
  type === undefined || type === supported ? undefined : `text encoders for ${type} are not supported; ${supported} is`;

/** Opens a text encoder that stands alone. */
export const clipLoader = defineNode({
  id: "CLIPLoader",
  title: "Load CLIP",
  category: "advanced/loaders",
  doc: "Opens a text encoder that stands alone: CLIP-L for Stable Diffusion 1, OpenCLIP-H for 2, OpenCLIP-bigG for the SDXL refiner.",
  inputs: {
    clip_name: clipName(),
    type: choice([
      "stable_diffusion",
      "stable_cascade",
      "sd3",
      "stable_audio",
      "mochi",
      "ltxv",
      "pixart",
      "cosmos",
      "lumina2",
      "wan",
      "hidream",
      "chroma",
      "ace",
      "omnigen2",
      "qwen_image",
      "hunyuan_image",
    ]),
    device: device(),
  },
  outputs: { CLIP },
  check: ({ type }) => refusal(type, "stable_diffusion"),
  version: ({ clip_name: name }, { use }) =>
    name === undefined ? "" : checkpointIdentity(use(FOLDERS).model("text_encoders", name)),
  run: async ({ clip_name, type }, { use }) => {
    const refused = refusal(type, "stable_diffusion");
    if (refused !== undefined) throw new Error(refused);
    return { CLIP: await openClip(use(FOLDERS).model("text_encoders", clip_name)) };
  },
});

/** Opens the two text encoders of SDXL. */
export const dualClipLoader = defineNode({
  id: "DualCLIPLoader",
  title: "Load CLIP (Dual)",
  category: "advanced/loaders",
  doc: "Opens the two text encoders of SDXL, CLIP-L and OpenCLIP-bigG, from files of their own, in either order.",
  inputs: {
    clip_name1: clipName(),
    clip_name2: clipName(),
    type: choice(["sdxl", "sd3", "flux", "hunyuan_video", "hidream", "hunyuan_image"]),
    device: device(),
  },
  outputs: { CLIP },
  check: ({ type }) => refusal(type, "sdxl"),
  version: async ({ clip_name1, clip_name2 }, { use }) => {
    const names = [clip_name1, clip_name2].filter((name) => name !== undefined);
    return checkpointIdentity(...names.map((name) => use(FOLDERS).model("text_encoders", name)));
  },
  run: async ({ clip_name1, clip_name2, type }, { use }) => {
    const refused = refusal(type, "sdxl");
    if (refused !== undefined) throw new Error(refused);
    const { model } = use(FOLDERS);
    return { CLIP: await openDualClip([model("text_encoders", clip_name1), model("text_encoders", clip_name2)]) };
  },
});
