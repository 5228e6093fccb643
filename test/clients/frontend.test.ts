import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn, root } from "../command.js";
import { ask, until } from "../serve/server.js";
import { missing } from "./available.js";
import { type Editor, jobOf, openEditor } from "./editor.js";
import { countNodes, placeOfWidget, type Shown, valueOfWidget } from "./in-page.js";
import { expectPicture } from "./picture.js";

const workflow = (name: string): string => join(root, "workflows", name);

const pixelsOf = ({ pixels, width, height }: Shown): Promise<Buffer> =>
  sharp(Uint8Array.from(pixels), { raw: { width, height, channels: 4 } })
    .png()
    .toBuffer();

/** Presses what a node's widget draws on the canvas. */
async function press({ page }: Editor, widget: { readonly type: string; readonly name: string }): Promise<void> {
  const { x, y } = await page.evaluate(placeOfWidget, widget);
  await page.mouse.click(x, y);
}

const reason = missing.frontend();
describe.skipIf(reason)(`ComfyUI's frontend${reason ? ` (${reason})` : ""}`, () => {
  test("a workflow that is dropped runs to a picture on its node; the page knows it after a reload", async () => {
    const editor = await openEditor();
    const { page, server, errors } = editor;
    await editor.drop(workflow("text-to-image.json"));
    expect(await page.evaluate(countNodes, "KSampler")).toBe(1);
    const id = await editor.run();

    // The sampler shows what it is at, as far as it is; then the picture that was saved is there.
    await expectPicture(await pixelsOf(await editor.picture("KSampler", /^blob:/)), {});
    const saved = await editor.picture("SaveImage", /\/api\/view\?filename=text-to-image_00001_\.png/);
    await expectPicture(await pixelsOf(saved), { width: 128, height: 128 });
    expect((await jobOf(editor, id)).status).toBe("completed");
    await page.getByText("0 active").waitFor();
    expect(errors).toEqual([]);

    await editor.reload();
    expect(await page.evaluate(countNodes, "KSampler")).toBe(1);
    await page.getByTestId("assets-tab-button").click();
    const asset = page.locator('img[src*="text-to-image_00001_.png"]').first();
    await asset.waitFor();
    await until(
      () => asset.evaluate((image: { readonly naturalWidth?: number }) => image.naturalWidth),
      (width) => width === 128,
    );
    await expectPicture(await asset.screenshot(), {});
    expect((await ask(server, "/api/jobs")).json.jobs).toHaveLength(1);
    expect(errors).toEqual([]);
  });

  test("a browser that is signed in by a token in its address does all that, and another nothing", async () => {
    const editor = await openEditor({ signIn: true });
    const { page, server, errors } = editor;
    expect(new URL(page.url()).search).toBe("");
    await editor.drop(workflow("text-to-image.json"));
    await editor.run();
    await expectPicture(await pixelsOf(await editor.picture("KSampler", /^blob:/)), {});
    await expectPicture(await pixelsOf(await editor.picture("SaveImage", /\/api\/view\?/)), {
      width: 128,
      height: 128,
    });
    expect(errors).toEqual([]);
    expect((await ask(server, "/api/jobs")).status).toBe(401);
  });

  test("Cancel stops the run at once, and the next one goes through", async () => {
    const editor = await openEditor();
    const { page, errors } = editor;
    await editor.drop(workflow("text-to-image.json"), (text) => text.replace('"steps": 20', '"steps": 5000'));
    const long = await editor.run();
    await editor.picture("KSampler", /^blob:/);
    await page.getByRole("button", { name: "Cancel current run" }).click();
    expect((await jobOf(editor, long)).status).toBe("cancelled");
    await page.getByText("0 active").waitFor();
    await editor.drop(workflow("loop.json"));
    expect((await jobOf(editor, await editor.run())).status).toBe("completed");
    expect(errors).toEqual([]);
  });

  test("a picture that Load Image's button uploads is what the run starts from", async () => {
    const editor = await openEditor();
    const { page, server, errors } = editor;
    await editor.drop(workflow("image-to-image.json"));
    const chosen = page.waitForEvent("filechooser");
    await press(editor, { type: "LoadImage", name: "upload" });
    await (await chosen).setFiles(workflow("input/sketch.png"));
    const uploaded = await editor.picture("LoadImage", /\/api\/view\?.*filename=sketch\.png/);
    await expectPicture(await pixelsOf(uploaded), { width: 160, height: 128 });
    expect(await page.evaluate(valueOfWidget, { type: "LoadImage", name: "image" })).toBe("sketch.png");
    expect(filesIn(join(server.data, "input"))).toEqual([join(server.data, "input/sketch.png")]);
    await editor.run();
    await expectPicture(await pixelsOf(await editor.picture("SaveImage", /\/api\/view\?/)), {
      width: 128,
      height: 128,
    });
    // Until it is uploaded, the picture that the workflow names is not there.
    expect(errors.filter((error) => !/404.*filename=sketch\.png/.test(error))).toEqual([]);
  });

  test("workflows and settings that are saved are there after a reload", async () => {
    const editor = await openEditor();
    const { page, server, errors } = editor;
    await editor.drop(workflow("text-to-image.json"));
    await page.keyboard.press("Control+s");
    await page.getByRole("dialog").getByRole("textbox").fill("kept");
    await page.keyboard.press("Enter");
    await until(
      () => ask(server, "/api/userdata/workflows%2Fkept.json"),
      ({ status }) => status === 200,
    );
    const setting = page.getByRole("switch", { name: "Enable dev mode options" });
    const openSettings = () => page.getByRole("button", { name: /^Settings \(/ }).click();
    await openSettings();
    await setting.click();
    await until(
      () => ask(server, "/api/settings"),
      ({ json }) => json["Comfy.DevMode"] === true,
    );

    await editor.reload();
    await openSettings();
    expect(await setting.isChecked()).toBe(true);
    await page.keyboard.press("Escape");
    await page.getByTestId("workflows-tab-button").click();
    await page.getByRole("tree").getByText("kept").click();
    expect(await page.evaluate(countNodes, "KSampler")).toBe(1);
    expect(errors).toEqual([]);
  });
});
