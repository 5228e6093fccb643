import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, onTestFinished, test } from "vitest";
import { root } from "../command.js";
import { startServer } from "../serve/server.js";
import { missing, sdk } from "./available.js";
import { expectPicture } from "./picture.js";

const reason = missing.sdk();
describe.skipIf(reason)(`@saintno/comfyui-sdk${reason ? ` (${reason})` : ""}`, () => {
  test("a prompt with named inputs runs to a picture, told step by step; one that cannot run is told as failed", async () => {
    const { url } = await startServer();
    const script = join(import.meta.dirname, "scripts/sdk.mjs");
    const prompt = join(root, "workflows/text-to-image.json");
    const { stdout } = await promisify(execFile)(process.execPath, [script, sdk, url, prompt]);
    const { told, images, again, picture, causes } = JSON.parse(stdout);
    expect(told).toEqual(["pending", "start", "progress", "preview", "output", "finished"]);
    expect(images.images).toHaveLength(1);
    expect(again).toEqual(images);
    await expectPicture(Buffer.from(picture, "base64"), { format: "png", width: 128, height: 128 });
    expect(causes[0].node_errors[5].errors[0].type).toBe("value_smaller_than_min");
  });

  test("files of the user, settings and pictures come back as they were sent", async () => {
    const { url } = await startServer();
    const { ComfyApi } = await import(sdk);
    const api = new ComfyApi(url, "sdk-of-a-test").init();
    onTestFinished(() => api.destroy());
    await api.waitForReady();
    await api.storeSetting("Test.Nested", { a: [1] });
    await api.storeSettings({ "Test.Other": 2 });
    expect(await api.getSetting("Test.Nested")).toEqual({ a: [1] });
    expect(await api.getSettings()).toMatchObject({ "Test.Other": 2 });
    await api.storeUserData("notes/a.json", { kept: true });
    await api.moveUserData("notes/a.json", "notes/b.json");
    expect(await api.listUserData("notes", true, false)).toEqual(["b.json"]);
    expect(await (await api.getUserData("notes/b.json")).json()).toEqual({ kept: true });
    await api.deleteUserData("notes/b.json");
    expect(await api.listUserData("notes", true, false)).toEqual([]);
    const sketch = readFileSync(join(root, "workflows/input/sketch.png"));
    const { info } = await api.uploadImage(sketch, "sketch.png", { subfolder: "from-sdk" });
    expect(info).toMatchObject({ filename: "sketch.png", subfolder: "from-sdk", type: "input" });
    const masked = await api.uploadMask(sketch, info);
    for (const one of [info, masked.info]) expect((await api.getImage(one)).size).toBeGreaterThan(0);
  });
});
