import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const data = ["--data", sharedData];
const example = (name: string): string => join(root, "workflows/saved", `${name}.json`);
const twice = example("one-subgraph-twice");

const convert = (file: string, ...options: string[]) => mezzotint(["convert", file, ...data, ...options]);

/** A saved workflow: what an editor puts around nodes and links. */
const saved = (nodes: readonly object[], links: readonly unknown[] = []): string =>
  JSON.stringify({ nodes, links, groups: [], config: {}, extra: {}, version: 0.4 });

/** Writes a text into a new folder; its path. */
function file(text: string, name = "workflow.json"): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

/** A picture of one colour. */
async function picture(name: string): Promise<string> {
  const path = join(temporaryFolder(), name);
  await sharp({ create: { width: 8, height: 8, channels: 3, background: "#336699" } }).toFile(path);
  return path;
}

const encoder = (text: string, id = 1) => ({ id, type: "CLIPTextEncode", widgets_values: [text] });

describe("convert", () => {
  test("prints a prompt, with one node for each in each instance of a subgraph", async () => {
    const { code, stdout, stderr } = await convert(twice);
    expect({ code, stderr }).toStrictEqual({ code: 0, stderr: "" });
    const prompt = JSON.parse(stdout);
    expect(prompt["3:1"].inputs).toStrictEqual({ text: "butterfly", clip: ["1", 1] });
    expect(prompt["4:4"].inputs).toMatchObject({ seed: 42, steps: 20, positive: ["4:1", 0], model: ["1", 0] });
    expect(Object.values<{ class_type: string }>(prompt).map(({ class_type }) => class_type)).not.toContain("Note");
  });

  test("standard input and a file give the same; a prompt stays as it is", async () => {
    const [fromFile, fromPipe] = await Promise.all([
      convert(twice),
      mezzotint(["convert", "-", ...data], { stdin: readFileSync(twice) }),
    ]);
    expect(fromPipe).toStrictEqual(fromFile);
    const again = await mezzotint(["convert", "-", ...data], { stdin: fromFile.stdout });
    expect(again).toStrictEqual(fromFile);
  });

  test("seeds of 64 bits survive", async () => {
    const text = readFileSync(twice, "utf8").replaceAll(/\b42\b/g, "18446744073709551615");
    expect((await convert(file(text))).stdout).toContain('"seed": 18446744073709551615');
  });

  test("--output writes a file instead, with --json too; a place that cannot be written is named", async () => {
    const folder = temporaryFolder();
    const path = join(folder, "new", "api.json");
    expect(await convert(twice, "--output", path)).toStrictEqual({ code: 0, stdout: "", stderr: "" });
    expect(JSON.parse(readFileSync(path, "utf8"))).toHaveProperty("3:1");
    await convert(twice, "--output", path, "--json");
    expect(JSON.parse(readFileSync(path, "utf8"))).toHaveProperty("prompt.3:1");
    const refused = await convert(twice, "--output", folder);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`cannot write ${folder}`);
  });

  test("dynamic prompts are chosen from the seed, the same each time, and told; or left alone", async () => {
    const path = file(saved([encoder("{red|green|blue} key // mine"), encoder("plain", 2)]));
    const seven = await convert(path, "--seed", "7");
    expect(seven.stderr).toMatch(/CLIPTextEncode \(node 1\), input text: .*became "(red|green|blue) key " \(seed 7\)/);
    expect(await convert(path, "--seed", "7")).toStrictEqual(seven);
    const left = await convert(path, "--no-dynamic-prompts");
    expect(JSON.parse(left.stdout)["1"].inputs.text).toBe("{red|green|blue} key // mine");
  });

  test("says once where it guessed, and with --json as data", async () => {
    const fancy = { id: 5, type: "Fancy", widgets_values: [1], properties: { cnr_id: "fancy-pack" } };
    const path = file(saved([{ ...fancy, inputs: [{ name: "a", type: "INT", widget: { name: "a" } }] }]));
    const { code, stderr } = await convert(path);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: Fancy \(node 5\): its class is unknown \(of the pack "fancy-pack", [^\n]*\n$/);
    const { stdout } = await convert(path, "--json");
    expect(JSON.parse(stdout)).toMatchObject({
      prompt: { "5": { class_type: "Fancy", inputs: { a: 1 } } },
      findings: [{ severity: "warning", code: "unknown-class", node: "5" }],
    });
  });

  test("what cannot be converted is left out with 2, and keeps run and validate from going on", async () => {
    const whole = JSON.parse(readFileSync(twice, "utf8"));
    const path = file(JSON.stringify({ ...whole, nodes: [...whole.nodes, { id: 99, type: 5 }] }));
    const { code, stdout, stderr } = await convert(path);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: nodes\[6\] \(node 99\) is passed over: its type is 5, but should be a text/);
    for (const command of ["validate", "run"]) {
      const refused = await mezzotint([command, path, ...data]);
      expect(refused).toMatchObject({ code: 2, stdout: "" });
      expect(refused.stderr).toMatch(/node 99.*mezzotint convert/s);
    }
    expect((await mezzotint(["validate", "-", ...data], { stdin: stdout })).code).toBe(0);
  });

  test("names from a file do not steer the terminal", async () => {
    const { stderr } = await convert(file(saved([{ id: 1, type: "\u001b[31mred\r\nerror: forged" }])));
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there.
    expect(stderr).not.toMatch(/[\u001b\r]|\nerror/);
  });
});

describe("pictures", () => {
  test.each(["a.png", "a.webp"])("--into %s: the picture holds both, and its pixels are as they were", async (name) => {
    const [path, plain] = [await picture(name), await convert(twice)];
    const before = await sharp(path).raw().toBuffer();
    expect(await convert(twice, "--into", path)).toStrictEqual({ code: 0, stdout: `${path}\n`, stderr: "" });
    expect((await sharp(path).raw().toBuffer()).equals(before)).toBe(true);
    for (const which of ["prompt", "workflow"]) expect(await convert(path, "--embedded", which)).toStrictEqual(plain);
  });

  test("--into and --output leave the picture alone and write another; other files are refused", async () => {
    const [path, other, jpeg] = [await picture("a.png"), join(temporaryFolder(), "b.png"), await picture("a.jpg")];
    const before = readFileSync(path);
    expect(await convert(twice, "--into", path, "--output", other)).toMatchObject({ code: 0, stdout: `${other}\n` });
    expect(readFileSync(path).equals(before)).toBe(true);
    expect((await convert(other)).code).toBe(0);
    const refused = await convert(twice, "--into", jpeg);
    expect(refused).toMatchObject({ code: 2, stdout: "" });
    expect(refused.stderr).toContain("PNG and WebP");
    expect((await convert(twice, "--into", `${jpeg}.not`)).stderr).toContain("there is no such file");
  });

  test("a picture without a workflow says what it holds, and what to do", async () => {
    const { code, stderr } = await convert(await picture("a.png"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/a\.png is a picture without a workflow: it holds no text at all.*as it was first saved/);
  });

  test("what was run carries the saved file; converted and run again it is the same picture", async () => {
    const [first, second] = [temporaryFolder(), temporaryFolder()];
    const seeded = example("one-seed-two-prompts");
    const few = ["--set", "8.steps=2", "--set", "12.steps=2"];
    const ran = await mezzotint(["run", seeded, ...data, ...few, "--output", first]);
    expect(ran.code, ran.stderr).toBe(0);
    const [made = ""] = filesIn(first);
    const { comments } = await sharp(made).metadata();
    const workflow = comments?.find(({ keyword }) => keyword === "workflow")?.text ?? "{}";
    expect(JSON.parse(workflow)).toStrictEqual(JSON.parse(readFileSync(seeded, "utf8")));

    const { stdout } = await convert(made, "--embedded", "prompt");
    const again = await mezzotint(["run", "-", ...data, "--output", second], { stdin: stdout });
    expect(again.code, again.stderr).toBe(0);
    const pixels = (path = "") => sharp(path).raw().toBuffer();
    expect((await pixels(filesIn(second)[0])).equals(await pixels(made))).toBe(true);
  });

  test("NaN, which Python writes into pictures, is no value; in a text it stays", async () => {
    const path = await picture("a.png");
    await convert(file(saved([{ ...encoder('NaN "x"'), extra: [777] }])), "--into", path);
    writeFileSync(path, readFileSync(path, "latin1").replace("[777]", "[NaN]"), "latin1");
    const { code, stdout, stderr } = await convert(path);
    expect(code, stderr).toBe(0);
    expect(JSON.parse(stdout)["1"].inputs.text).toBe('NaN "x"');
  });

  test("a broken workflow beside a good prompt does not keep it from running, and convert says the way out", async () => {
    const path = await picture("a.png");
    await convert(twice, "--into", path);
    writeFileSync(path, readFileSync(path, "latin1").replace(/workflow\0\{/, "workflow\0!"), "latin1");
    expect((await mezzotint(["validate", path, ...data])).code).toBe(0);
    const refused = await convert(path);
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain("--embedded prompt");
  });
});

test("a muted branch leaves its preview out; the rest runs, and validate says what is wrong", async () => {
  const outputs = [{ name: "IMAGE", type: "IMAGE", links: [1] }];
  const from = (name: string, link: number) => [{ name, type: "IMAGE", link }];
  const nodes = [
    { id: 1, type: "EmptyImage", outputs, widgets_values: [8, 8, 1, 0] },
    { id: 2, type: "SaveImage", inputs: from("images", 1), widgets_values: ["kept"] },
    { id: 3, type: "ImageInvert", mode: 2, inputs: from("image", 2), outputs },
    { id: 4, type: "PreviewImage", inputs: from("images", 3) },
  ];
  const path = file(
    saved(nodes, [
      [1, 1, 0, 2, 0, "IMAGE"],
      [2, 1, 0, 3, 0, "IMAGE"],
      [3, 3, 0, 4, 0, "IMAGE"],
    ]),
  );
  const output = temporaryFolder();
  const ran = await mezzotint(["run", path, ...data, "--output", output]);
  expect(ran).toMatchObject({ code: 0, stdout: `${join(output, "kept_00001_.png")}\n` });

  expect(ran.stderr).toMatch(/left out: .*node 4.*images/);
  expect((await mezzotint(["validate", path, ...data])).code).toBe(2);
});
