import { defineNode, hidden, INT, int, link } from "@mezzotint/engine";
import { imageDims, newTensor } from "../../images/allocate.js";
import { withChannels } from "../../images/channels.js";
import { resizedImage } from "../../images/resize.js";
import { IMAGE } from "../../sockets.js";
import { paced } from "../../steps.js";

/** ComfyUI's ImageBatch. */
export const imageBatch = defineNode({
  id: "ImageBatch",
  title: "Batch Images",
  category: "image",
  doc: "Puts two batches into one. The second is resized (bilinear, cut at the centre) to fit the first.",
  inputs: { image1: link(IMAGE), image2: link(IMAGE) },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: async ({ image1, image2 }, ctx) => {
    const [batch1, height, width, channels1] = imageDims(image1);
    const [batch2, height2, width2, channels2] = imageDims(image2);
    const fits = height === height2 && width === width2;
    const second = fits ? image2 : await paced(resizedImage(image2, width, height, "bilinear", "center"), ctx);
    const channels = Math.max(channels1, channels2);
    const result = newTensor(batch1 + batch2, height, width, channels);
    result.data.set(withChannels(image1, channels).data);
    result.data.set(withChannels(second, channels).data, batch1 * height * width * channels);
    return { IMAGE: result };
  },
});

/** ComfyUI's ImageFromBatch: both numbers are brought into the batch. */
export const imageFromBatch = defineNode({
  id: "ImageFromBatch",
  category: "image/batch",
  doc: "Takes some pictures out of a batch.",
  inputs: {
    image: link(IMAGE),
    batch_index: int({ default: 0, min: 0, max: 4095 }),
    length: int({ default: 1, min: 1, max: 4096 }),
  },
  outputs: { IMAGE },
  run: ({ image, batch_index, length }) => {
    const [batch, height, width, channels] = imageDims(image);
    const start = Math.min(Math.max(batch_index, 0), batch - 1);
    const count = Math.min(Math.max(length, 1), batch - start);
    const size = height * width * channels;
    return {
      IMAGE: { dims: [count, height, width, channels], data: image.data.slice(start * size, (start + count) * size) },
    };
  },
});

/** ComfyUI's RepeatImageBatch. */
export const repeatImageBatch = defineNode({
  id: "RepeatImageBatch",
  category: "image/batch",
  doc: "Repeats a whole batch.",
  inputs: { image: link(IMAGE), amount: int({ default: 1, min: 1, max: 4096 }) },
  outputs: { IMAGE },
  run: ({ image, amount }) => {
    const [batch, height, width, channels] = imageDims(image);
    const result = newTensor(batch * amount, height, width, channels);
    for (let i = 0; i < amount; i++) result.data.set(image.data, i * image.data.length);
    return { IMAGE: result };
  },
});

/** ComfyUI's ImageInvert: 1 - x, of every channel. */
export const imageInvert = defineNode({
  id: "ImageInvert",
  title: "Invert Image",
  category: "image",
  doc: "Turns a picture into its negative.",
  inputs: { image: link(IMAGE) },
  outputs: { IMAGE },
  resources: ["cpu"],
  run: ({ image }) => ({ IMAGE: { dims: image.dims, data: image.data.map((v) => 1 - v) } }),
});

/** ComfyUI's EmptyImage: `color` is 0xRRGGBB. */
export const emptyImage = defineNode({
  id: "EmptyImage",
  category: "image",
  doc: "Makes pictures of one colour.",
  inputs: {
    width: int({ default: 512, min: 1, max: 16384, step: 1 }),
    height: int({ default: 512, min: 1, max: 16384, step: 1 }),
    batch_size: int({ default: 1, min: 1, max: 4096 }),
    color: int({ default: 0, min: 0, max: 0xffffff, step: 1 }),
  },
  outputs: { IMAGE },
  run: ({ width, height, batch_size, color }) => {
    const result = newTensor(batch_size, height, width, 3);
    for (let c = 0; c < 3; c++) {
      const value = ((color >> (16 - 8 * c)) & 0xff) / 255;
      if (value > 0) for (let i = c; i < result.data.length; i += 3) result.data[i] = value;
    }
    return { IMAGE: result };
  },
});

/** ComfyUI's GetImageSize; it shows what it returns. */
export const getImageSize = defineNode({
  id: "GetImageSize",
  title: "Get Image Size",
  category: "image",
  doc: "Tells a picture's width and height, and how many there are.",
  inputs: { image: link(IMAGE), unique_id: hidden.nodeId },
  outputs: { width: INT, height: INT, batch_size: INT },
  run: ({ image }, { show }) => {
    const [batch_size, height, width] = imageDims(image);
    show({ text: [`${width} × ${height}, batch of ${batch_size}`] });
    return { width, height, batch_size };
  },
});
