// A script of @saintno/comfyui-sdk: runs a prompt twice, then one that cannot run; says what it was told as JSON.
// Usage: node sdk.mjs LIBRARY URL PROMPT.json. A process of its own, since the SDK goes on asking when a job is over.
import { readFileSync } from "node:fs";

const [library = "", url, file = ""] = process.argv.slice(2);
const { CallWrapper, ComfyApi, PromptBuilder } = await import(library);

const api = new ComfyApi(url, "sdk-of-a-test").init();
await api.waitForReady();

const prompt = () => JSON.parse(readFileSync(file, "utf8"));
const builder = new PromptBuilder(prompt(), ["text", "checkpoint", "seed"], ["images"])
  .setInputNode("text", "2.inputs.text")
  .setInputNode("checkpoint", "1.inputs.ckpt_name")
  .setInputNode("seed", "5.inputs.seed")
  .setOutputNode("images", "7")
  .input("text", "panda")
  .input("checkpoint", "mezzotint-emoji", api.osType)
  .input("seed", 5);

const told = new Set();
const { images } = await new CallWrapper(api, builder)
  .onPending(() => told.add("pending"))
  .onStart(() => told.add("start"))
  .onPreview(() => told.add("preview"))
  .onProgress(() => told.add("progress"))
  .onOutput(() => told.add("output"))
  .onFinished(() => told.add("finished"))
  .onFailed(() => told.add("failed"))
  .run();
const picture = await (await api.getImage(images.images[0])).arrayBuffer();

// A run that is known whole has no node to follow; it still has its outputs.
const again = await new CallWrapper(api, builder).run();

const refused = prompt();
refused[5].inputs.steps = 0;
const causes = [];
await new CallWrapper(api, new PromptBuilder(refused, [], ["images"]).setOutputNode("images", "7"))
  .onFailed((error) => causes.push(error.cause))
  .run();

const result = {
  told: [...told],
  images,
  again: again.images,
  picture: Buffer.from(picture).toString("base64"),
  causes,
};
process.stdout.write(JSON.stringify(result), () => process.exit());
