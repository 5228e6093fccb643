import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const workflow = join(root, "workflows/text-to-image.json");

test("--preview keeps a JPEG of the picture being made, in a folder that it makes", async () => {
  const output = temporaryFolder();
  const file = join(output, "watch", "now.jpg");
  const options = ["--output", output, "--data", sharedData, "--preview", file, "--set", "5.steps=3"];
  const { code, stdout, stderr } = await mezzotint(["run", workflow, ...options], { cwd: output });
  expect({ code, stderr }).toMatchObject({ code: 0 });
  const { format, width, height } = await sharp(file).metadata();
  expect({ format, width, height }).toStrictEqual({ format: "jpeg", width: 128, height: 128 });
  expect(filesIn(output).sort()).toStrictEqual([stdout.trim(), file].sort());
});

test("a preview file in a place that cannot be is refused before anything runs", async () => {
  const output = temporaryFolder();
  const options = ["--output", output, "--data", sharedData, "--preview", join(workflow, "now.jpg")];
  const { code, stdout, stderr } = await mezzotint(["run", workflow, ...options], { cwd: output });
  expect(code).not.toBe(0);
  expect(stdout).toBe("");
  expect(stderr).toMatch(/--preview .*its folder cannot be made/);
});
