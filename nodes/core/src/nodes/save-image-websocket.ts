import { randomUUID } from "node:crypto";
import { defineNode, link } from "@mezzotint/engine";
import { imageDims } from "../images/allocate.js";
import { encodePng } from "../images/encode.js";
import { IMAGE } from "../sockets.js";

/** ComfyUI's SaveImageWebsocket: PNG pictures for the client that asked, in binary messages and nowhere else. */
export const saveImageWebsocket = defineNode({
  id: "SaveImageWebsocket",
  title: "Save Image (WebSocket)",
  category: "api/image",
  doc: "Sends pictures as PNG over the WebSocket to whoever submitted the prompt; no file is written.",
  inputs: { images: link(IMAGE, { tooltip: "The pictures to send." }) },
  outputs: {},
  output: true,
  resources: ["cpu"],
  // What was sent is kept nowhere, so it is sent again each time.
  version: () => `~${randomUUID()}`,
  run: async ({ images }, ctx) => {
    const [batch] = imageDims(images);
    for (let index = 0; index < batch; index++) {
      ctx.signal.throwIfAborted();
      const bytes = await encodePng(images, index);
      ctx.progress(index + 1, batch);
      ctx.deliver?.({ mime: "image/png", bytes });
    }
    return {};
  },
});
