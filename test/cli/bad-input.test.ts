import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { beforeEach, describe, expect, test } from "vitest";
import { filesIn, mezzotint, sharedData, temporaryFolder } from "../command.js";

type Nodes = Record<string, { class_type: string; inputs: Record<string, unknown>; _meta?: { title: string } }>;

/** Loads a picture and saves it again. */
const copy = (image: unknown, prefix = "copy"): Nodes => ({
  "11": { class_type: "LoadImage", inputs: { image } },
  "12": { class_type: "SaveImage", inputs: { images: ["11", 0], filename_prefix: prefix } },
});

/** Makes a picture of a size with the embedded model's autoencoder. */
const sized = (width: unknown, batch_size: unknown = 1): Nodes => ({
  "21": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "mezzotint-emoji" } },
  "22": { class_type: "EmptyLatentImage", inputs: { width, height: width, batch_size } },
  "23": { class_type: "VAEDecode", inputs: { samples: ["22", 0], vae: ["21", 2] } },
  "24": { class_type: "SaveImage", inputs: { images: ["23", 0], filename_prefix: "sized" } },
});

const chunk = (type: string, data: Buffer): Buffer => {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
};

/** A PNG that claims a size, whatever is in it. */
function claimingPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from("89504e470d0a1a0a", "hex");
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(Buffer.alloc(64))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

let folder: string;

beforeEach(() => {
  folder = temporaryFolder();
  mkdirSync(join(folder, "input"));
});

/** Runs a workflow that must fail: with this exit code, in sentences, and nothing written. */
async function refused(nodes: Nodes | string | Buffer, code: number): Promise<string> {
  const file = join(folder, "workflow.json");
  writeFileSync(file, typeof nodes === "string" || Buffer.isBuffer(nodes) ? nodes : JSON.stringify(nodes));
  const output = join(folder, "output");
  const ended = await mezzotint(["run", file, "--output", output, "--data", sharedData], { cwd: folder });
  expect(ended.stderr).not.toMatch(/^\s+at .*:\d+:\d+\)?$/m);
  expect(ended).toMatchObject({ code, stdout: "" });
  expect(filesIn(output)).toStrictEqual([]);
  return ended.stderr;
}

describe("a workflow that cannot run is refused before anything runs", () => {
  test.each<[string, Nodes, RegExp]>([
    [
      "an unknown node type",
      { ...copy("a.png"), "13": { class_type: "LoadImge", inputs: {} } },
      /LoadImge.*node 13.*did you mean LoadImage/s,
    ],
    ["a picture that is not there", copy("missing.png"), /node 11.*missing\.png/s],
    ["a text where a number is expected", sized("wide"), /node 22.*width.*"wide" is not an integer/s],
    [
      "a number where a link is expected",
      { ...sized(64), "24": { class_type: "SaveImage", inputs: { images: 5, filename_prefix: "" } } },
      /node 24.*images/s,
    ],
    [
      "a link of another type",
      { ...sized(64), "24": { class_type: "SaveImage", inputs: { images: ["22", 0], filename_prefix: "" } } },
      /node 24.*LATENT.*IMAGE|node 24.*IMAGE.*LATENT/s,
    ],
    ["NaN", sized("NaN"), /node 22.*"NaN" is not an integer/s],
    ["a size beyond its bound", sized(1e9), /node 22.*width.*1000000000 is more than/s],
    [
      "an input that is missing",
      { ...sized(64), "22": { class_type: "EmptyLatentImage", inputs: {} } },
      /node 22.*width/s,
    ],
    [
      "a model that is not there",
      { ...sized(64), "21": { class_type: "CheckpointLoaderSimple", inputs: { ckpt_name: "other" } } },
      /node 21.*"other"/s,
    ],
    [
      "nodes in a circle",
      {
        "1": { class_type: "ImageInvert", inputs: { image: ["2", 0] } },
        "2": { class_type: "ImageInvert", inputs: { image: ["1", 0] } },
        "3": { class_type: "SaveImage", inputs: { images: ["1", 0], filename_prefix: "" } },
      },
      /node [12].*depends on itself/s,
    ],
    [
      "a result outside the output folder",
      {
        ...sized(64),
        "24": { class_type: "SaveImage", inputs: { images: ["23", 0], filename_prefix: "../../escaped" } },
      },
      /node 24.*escaped/s,
    ],
    ["a picture outside the input folders", copy("../../../etc/passwd"), /node 11.*passwd/s],
  ])("%s", async (_, nodes, message) => {
    expect(await refused(nodes, 2)).toMatch(message);
  });

  test("every problem is told at once", async () => {
    const message = await refused({ ...sized("wide"), ...copy("missing.png") }, 2);
    expect(message).toMatch(/node 22/);
    expect(message).toMatch(/node 11/);
  });
});

describe("a file that is no workflow is refused with the reason", () => {
  test.each<[string, string | Buffer, RegExp]>([
    ["an empty file", "", /workflow\.json is empty/],
    ["broken JSON", '{"1": {', /workflow\.json is not JSON/],
    ["a literal NaN", '{"1": {"class_type": "EmptyLatentImage", "inputs": {"width": NaN}}}', /is not JSON/],
    ["a list", "[]", /expected/],
    ["bytes", Buffer.from([0x88, 0x50, 0x4e, 0x47, 0xff]), /not a text file/],
    ["a broken picture", Buffer.from([0x89, 0x50, 0x4e, 0x47, 0xff]), /a picture without a workflow/],
    ["JSON nested too deep", "[".repeat(100_000), /nested more than/],
    [
      "a saved workflow without a node",
      '{"nodes": [], "links": [], "version": 0.4}',
      /no node of the prompt saves or shows/,
    ],
    ["100 MB of JSON", Buffer.alloc(100e6, '["x"],'), /95 MiB, and more than 64 MiB/],
  ])("%s", async (_, text, message) => {
    expect(await refused(text, 2)).toMatch(message);
  });

  test("a file that is not there", async () => {
    const { code, stderr } = await mezzotint(["run", join(folder, "none.json")], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/none\.json.*no such file/);
  });

  test.skipIf(process.platform === "win32")("a device without an end", async () => {
    const { code, stderr } = await mezzotint(["validate", "/dev/zero"], { cwd: folder });
    expect(code).toBe(2);
    expect(stderr).toMatch(/more than 64 MiB/);
  });
});

test("titles may be anything, and do not reach the terminal as they are", async () => {
  const file = join(folder, "workflow.json");
  const nodes = {
    "1": { class_type: "EmptyImage", inputs: { width: 8, height: 8, batch_size: 1, color: 0 }, _meta: { title: 5 } },
    "2": {
      class_type: "SaveImage",
      inputs: { images: ["1", 0], filename_prefix: "%A.b%" },
      _meta: { title: "red \u001b[31m" },
    },
  };
  writeFileSync(file, JSON.stringify(nodes));
  const { code, stderr } = await mezzotint(["run", file, "--data", sharedData], { cwd: folder });
  expect(code).toBe(0);
  expect(stderr).toMatch(/red {2}\[31m/);
  expect(stderr).not.toContain("\u001b");
});

describe("what goes wrong in a node is told with the node's id", () => {
  test.each<[string, () => Buffer | Promise<Buffer>, RegExp]>([
    ["a 0-byte picture", () => Buffer.alloc(0), /node 11/],
    ["a PNG that claims 4 gigapixels", () => claimingPng(65_535, 65_535), /node 11.*65535/s],
    [
      "a truncated PNG",
      async () => {
        const noise = { type: "gaussian", mean: 128, sigma: 60 } as const;
        const png = await sharp({ create: { width: 64, height: 64, channels: 3, background: "red", noise } })
          .png()
          .toBuffer();
        return png.subarray(0, png.length / 2);
      },
      /node 11/,
    ],
  ])("%s", async (_, bytes, message) => {
    writeFileSync(join(folder, "input", "picture.png"), await bytes());
    expect(await refused(copy("picture.png"), 1)).toMatch(message);
  });

  test("more memory than any machine has", async () => {
    expect(await refused(sized(16_384, 4096), 1)).toMatch(/node 2[23]/);
  });
});
