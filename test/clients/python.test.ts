import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { filesIn, root, temporaryFolder } from "../command.js";
import { dataFolder, startServer, type TestServer } from "../serve/server.js";
import { tokenOf } from "../serve/token.js";
import { comfySdk, missing, pythonPackages } from "./available.js";
import { expectPicture } from "./picture.js";

const prompt = join(root, "workflows/text-to-image.json");

/** Runs a script of this folder, as a user would; what it printed. */
async function run(packages: string, name: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const { stdout } = await promisify(execFile)("python3", [join(import.meta.dirname, "python", name), ...args], {
    env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1", ...env },
  });
  return JSON.parse(stdout);
}

const script = (name: string, { url }: TestServer, ...args: readonly string[]) =>
  run(pythonPackages, name, [new URL(url).host, ...args]);

const reason = missing.python();
describe.skipIf(reason)(`Python scripts${reason ? ` (${reason})` : ""}`, () => {
  test("a script queues a prompt, follows its nodes to the end, and fetches the picture", async () => {
    const server = await startServer();
    const { ran, binary, status, pictures } = await script("pictures_by_view.py", server, prompt, temporaryFolder());
    expect(status).toBe("success");
    expect([...ran].sort()).toEqual(["1", "2", "3", "4", "5", "6", "7"]);
    expect(binary).toBeGreaterThan(0);
    expect(pictures).toHaveLength(1);
    await expectPicture(pictures[0], { format: "png", width: 128, height: 128 });
  });

  test("a script takes whole pictures off the WebSocket, all of a batch, however often it asks", async () => {
    const server = await startServer();
    const folder = temporaryFolder();
    const graph = JSON.parse(readFileSync(prompt, "utf8"));
    graph[4].inputs.batch_size = 3;
    graph[5].inputs.steps = 4;
    graph[7] = { class_type: "SaveImageWebsocket", inputs: { images: ["6", 0] } };
    const file = join(folder, "prompt.json");
    writeFileSync(file, JSON.stringify(graph));
    for (const _ of ["the first time", "again, when all before it is known"]) {
      const { pictures } = await script("pictures_by_socket.py", server, file, folder, "7");
      expect(pictures).toHaveLength(3);
      for (const picture of pictures) await expectPicture(picture, { format: "png", width: 128, height: 128 });
    }
    expect(filesIn(join(server.data, "output"))).toEqual([]);
  });

  test("a script takes the sampler's previews off the WebSocket", async () => {
    const server = await startServer();
    const { pictures } = await script("pictures_by_socket.py", server, prompt, temporaryFolder(), "5");
    expect(pictures.length).toBeGreaterThan(1);
    await expectPicture(pictures.at(-1), { format: "jpeg" });
  });
});

const without = missing.comfySdk();
test.skipIf(without)(
  `comfy-sdk speaks Comfy API v2 with the server, by a token${without ? ` (${without})` : ""}`,
  async () => {
    const data = dataFolder();
    const { token } = await tokenOf(data);
    const { url } = await startServer([], { data });
    const folder = temporaryFolder();
    const inputs = [prompt, join(root, "workflows/image-to-image.json"), join(root, "workflows/input/sketch.png")];
    const { events, ...seen } = await run(comfySdk, "comfy_api_v2.py", [...inputs, folder], {
      ...{ COMFY_BASE_URL: url, COMFY_API_KEY: token },
    });
    expect(new Set(events)).toEqual(new Set(["StatusChange", "Progress", "Preview", "OutputReady"]));
    expect(events.at(-1)).toBe("StatusChange");
    expect(seen).toEqual({
      status: "succeeded",
      metadata: { batch: "7" },
      output: ["image", "image/png", true],
      classes: expect.arrayContaining(["KSampler", "SaveImage"]),
      // Pages of one job each: the list goes on to its end.
      listed: ["succeeded", "succeeded"],
      "newest first": true,
      cancelled: "canceled",
      invalid: "InvalidWorkflow",
      unknown: "NotFound",
      deleted: "NotFound",
    });
    for (const name of ["made.png", "changed.png"])
      await expectPicture(join(folder, name), { format: "png", width: 128, height: 128 });
  },
);
