import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { root, temporaryFolder } from "../command.js";
import { startServer, type TestServer } from "../serve/server.js";
import { missing, pythonPackages } from "./available.js";
import { expectPicture } from "./picture.js";

const prompt = join(root, "workflows/text-to-image.json");

/** Runs a script of this folder, as a user would; what it printed. */
async function script(name: string, server: TestServer, ...args: readonly string[]) {
  const { host } = new URL(server.url);
  const { stdout } = await promisify(execFile)("python3", [join(import.meta.dirname, "python", name), host, ...args], {
    env: { ...process.env, PYTHONPATH: pythonPackages, PYTHONDONTWRITEBYTECODE: "1" },
  });
  return JSON.parse(stdout);
}

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

  test("a script takes the sampler's previews off the WebSocket", async () => {
    const server = await startServer();
    const { pictures } = await script("pictures_by_socket.py", server, prompt, temporaryFolder(), "5");
    expect(pictures.length).toBeGreaterThan(1);
    await expectPicture(pictures.at(-1), { format: "jpeg" });
  });
});
