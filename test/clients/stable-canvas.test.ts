import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Client, type NodeOutput, Workflow, type WorkflowOutput } from "@stable-canvas/comfyui-client";
import { expect, onTestFinished, test } from "vitest";
import WebSocket from "ws";
import { root } from "../command.js";
import { startServer, type TestServer } from "../serve/server.js";
import { expectPicture } from "./picture.js";

/** A client of @stable-canvas/comfyui-client with its WebSocket open. */
async function connect({ url }: TestServer): Promise<Client> {
  const client = new Client({ api_host: new URL(url).host, WebSocket, fetch });
  await client.connect();
  onTestFinished(() => client.close());
  return client;
}

const textToImage = () => JSON.parse(readFileSync(join(root, "workflows/text-to-image.json"), "utf8"));

const addresses = (images: WorkflowOutput["images"]): readonly string[] =>
  images.flatMap((image) => (image.type === "url" ? [image.data] : []));

const fetched = async (url: string): Promise<Buffer> => Buffer.from(await (await fetch(url)).arrayBuffer());

test("a prompt is queued and followed over the WebSocket, and its picture fetched", async () => {
  const client = await connect(await startServer());
  const progress: number[] = [];
  let previews = 0;
  client.on("b_preview", () => {
    previews += 1;
  });
  const { images } = await client.enqueue(textToImage(), {
    disable_random_seed: true,
    progress: ({ value, max }) => progress.push(value / max),
  });
  expect(progress).toContain(1);
  expect(previews).toBeGreaterThan(0);
  // This client counts previews among the pictures; those that were saved have an address.
  const saved = addresses(images);
  expect(saved).toHaveLength(1);
  await expectPicture(await fetched(saved[0]!), { format: "png", width: 128, height: 128 });
});

test("a prompt is followed by asking for the queue and the history alone", async () => {
  const client = await connect(await startServer());
  const { images, prompt_id } = await client.enqueue_polling(textToImage(), { disable_random_seed: true });
  expect(images).toHaveLength(1);
  expect(await client.getPromptStatus(prompt_id)).toEqual({ running: false, pending: false, done: true });
  await client.deleteItem("history", prompt_id);
  expect(await client.getHistory()).toEqual({ History: [] });
});

test("a workflow that is written with the client's own classes runs", async () => {
  const client = await connect(await startServer());
  const workflow = new Workflow();
  const { CheckpointLoaderSimple, CLIPTextEncode, EmptyLatentImage, KSampler, VAEDecode, SaveImage } = workflow.classes;
  const [model, clip, vae] = CheckpointLoaderSimple({ ckpt_name: "mezzotint-emoji" }) as [
    NodeOutput,
    NodeOutput,
    NodeOutput,
  ];
  const [positive] = CLIPTextEncode({ text: "panda", clip });
  const [negative] = CLIPTextEncode({ text: "", clip });
  const [latent_image] = EmptyLatentImage({ width: 128, height: 128, batch_size: 2 });
  const [samples] = KSampler({
    ...{ model, positive, negative, latent_image, seed: 1, steps: 4, cfg: 4, denoise: 1 },
    ...{ sampler_name: "euler", scheduler: "normal" },
  });
  const [images] = VAEDecode({ samples, vae });
  SaveImage({ images, filename_prefix: "sdk/panda" });
  const made = await workflow.invoke(client);
  const saved = addresses(made.images);
  expect(saved).toHaveLength(2);
  for (const url of saved) await expectPicture(await fetched(url), { width: 128, height: 128 });
});

test("what the server has is listed", async () => {
  const client = await connect(await startServer());
  expect(await client.getSDModels()).toEqual(["mezzotint-emoji"]);
  expect(await client.getSamplers()).toContain("dpmpp_2m");
  expect(await client.getSchedulers()).toContain("karras");
  expect(await client.getLoRAs()).toEqual([]);
  expect((await client.getModelFolders()).map(({ name }) => name)).toContain("checkpoints");
  expect(await client.getModels("checkpoints")).toEqual([expect.objectContaining({ name: "mezzotint-emoji" })]);
  expect(Object.keys(await client.getNodeDefs())).toContain("KSampler");
  expect((await client.getSystemStats()).devices).toHaveLength(1);
});

test("a prompt that cannot run is refused with the node's own words", async () => {
  const client = await connect(await startServer());
  const prompt = textToImage();
  prompt[5].inputs.sampler_name = "nobody's";
  const refused = await client.enqueue(prompt).catch((error: { readonly json: unknown }) => error);
  expect(refused).toMatchObject({ status: 400, json: { node_errors: { 5: { class_type: "KSampler" } } } });
});
