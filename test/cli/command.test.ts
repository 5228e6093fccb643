import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { filesIn, mezzotint, root, sharedData, temporaryFolder } from "../command.js";

const workflow = join(root, "workflows/text-to-image.json");
const data = ["--data", sharedData];

/** Runs the text-to-image workflow into a new folder. */
async function run(...options: string[]) {
  const output = temporaryFolder();
  const ended = await mezzotint(["run", workflow, "--output", output, ...data, ...options], { cwd: output });
  return { ...ended, output };
}

const lines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);

describe("run", () => {
  test("prints the path of each picture, and nothing else, on standard output", async () => {
    const { code, stdout, output } = await run();
    expect(code).toBe(0);
    expect(stdout).toBe(`${filesIn(output)[0]}\n`);
  });

  test("--json: events a line each, the last says what was written", async () => {
    const { stdout, output } = await run("--json");
    const events = lines(stdout);
    expect(events.at(-1)).toMatchObject({
      type: "result",
      status: "done",
      files: [{ node: "7", path: filesIn(output)[0] }],
    });
    const steps = events.filter(({ type, node }) => type === "progress" && node === "5");
    expect(steps.map(({ done }) => done)).toStrictEqual(Array.from({ length: 20 }, (_, i) => i + 1));
    expect(events.filter(({ type }) => type === "finished")).toHaveLength(7);
  });

  test("--set takes ids and titles; a wrong one is refused with the way out", async () => {
    const { code, stdout } = await run("--set", "Canvas.width=64", "--set", "4.height=96", "--set", "5.steps=1");
    expect(code).toBe(0);
    const { width, height } = await sharp(stdout.trim()).metadata();
    expect([width, height]).toStrictEqual([64, 96]);
    const wrong = await run("--set", "Canvas.widht=64");
    expect(wrong).toMatchObject({ code: 2, stdout: "" });
    expect(wrong.stderr).toMatch(/EmptyLatentImage has no input "widht".*width, height, batch_size/);
  });

  test("--dry-run runs nothing", async () => {
    const { code, stdout, output } = await run("--dry-run");
    expect(code).toBe(0);
    expect(stdout).toMatch(/7 nodes/);
    expect(filesIn(output)).toStrictEqual([]);
  });

  test("--timings names every node and the total", async () => {
    const { stderr } = await run("--timings", "--set", "5.steps=1");
    for (const title of ["Load checkpoint", "Sampler", "Decode", "Save", "total"]) expect(stderr).toContain(title);
  });

  test("--cache: a later run takes from it what has not changed, and writes its picture all the same", async () => {
    const cache = ["--cache", temporaryFolder(), "--json", "--set", "Sampler.steps=1"];
    await run(...cache);
    const { stdout } = await run(...cache);
    const types = (node: string) =>
      lines(stdout)
        .filter((event) => event.node === node)
        .map(({ type }) => type);
    expect(types("6")).toStrictEqual(["cached"]);
    expect(lines(stdout).at(-1)).toMatchObject({ status: "done", files: [{ node: "7" }] });
  });

  test("reads standard input for -", async () => {
    const output = temporaryFolder();
    const args = ["run", "-", "--output", output, ...data, "--set", "Sampler.steps=1"];
    const { code } = await mezzotint(args, { cwd: output, stdin: readFileSync(workflow) });
    expect(code).toBe(0);
    expect(filesIn(output)).toHaveLength(1);
  });

  test("takes the body of ComfyUI's POST /prompt for the prompt in it", async () => {
    const body = JSON.stringify({ client_id: "x", prompt: JSON.parse(readFileSync(workflow, "utf8")) });
    const { code, stdout } = await mezzotint(["run", "-", "--dry-run", ...data], { stdin: body });
    expect(code).toBe(0);
    expect(stdout).toContain("KSampler");
  });

  test("an interrupt ends it at once with 130, and leaves no file", async () => {
    const output = temporaryFolder();
    const args = ["run", workflow, "--output", output, ...data, "--json", "--set", "5.steps=10000"];
    let interrupted = false;
    const { code, stdout } = await mezzotint(args, {
      cwd: output,
      watch: (said, kill) => {
        if (interrupted || !said.includes('"type":"progress"')) return;
        interrupted = true;
        kill("SIGINT");
      },
    });
    expect(code).toBe(130);
    expect(lines(stdout).at(-1)).toMatchObject({ type: "result", status: "interrupted" });
    expect(filesIn(output)).toStrictEqual([]);
  });
});

test("validate says what is valid, and with --json gives ComfyUI's error body", async () => {
  const good = await mezzotint(["validate", workflow, ...data]);
  expect(good).toMatchObject({ code: 0, stderr: "" });
  expect(good.stdout).toMatch(/is valid: 7 nodes for 1 output/);
  const bad = await mezzotint(["validate", workflow, ...data, "--json", "--set", "4.width=7"]);
  expect(bad.code).toBe(2);
  expect(lines(bad.stdout)[0]).toMatchObject({
    type: "invalid",
    node_errors: { "4": { class_type: "EmptyLatentImage", errors: [{ type: "value_smaller_than_min" }] } },
  });
  const seed = await mezzotint(["validate", workflow, ...data, "--json", "--set", "5.seed=99999999999999999999"]);
  expect(seed.code).toBe(2);
  expect(lines(seed.stdout)[0]).toMatchObject({
    node_errors: { "5": { class_type: "KSampler", errors: [{ type: "value_bigger_than_max" }] } },
  });
});

test("nodes lists every node by category, and explains one by name or title", async () => {
  const all = await mezzotint(["nodes", ...data]);
  for (const id of ["KSampler", "LoadImage", "SaveImage", "CheckpointLoaderSimple"]) expect(all.stdout).toContain(id);
  const one = await mezzotint(["nodes", "KSampler", ...data]);
  expect(one.stdout).toMatch(/seed +INT = 0, 0 to 18446744073709551615/);
  const none = await mezzotint(["nodes", "Sampler9", ...data]);
  expect(none.code).toBe(2);
});

test("inspect names the networks of a checkpoint, and every key of it is read", async () => {
  const { code, stdout } = await mezzotint(["inspect", join(root, "models/emoji/model"), "--json"]);
  expect(code).toBe(0);
  const [report] = lines(stdout);
  expect(report).toMatchObject({
    networks: [{ network: "UNet", dtype: "f16" }, { network: "text encoder" }, { network: "autoencoder" }],
    unread: [],
    sampling: { supported: true },
  });
});

test("doctor finds nothing broken here, and says so if the data directory cannot be used", async () => {
  const good = await mezzotint(["doctor", ...data]);
  expect(good.code, good.stdout).toBe(0);
  for (const subject of ["Node", "CPU", "memory", "ONNX Runtime", "packs", "data", "models", "cache"]) {
    expect(good.stdout).toContain(subject);
  }
  const file = join(temporaryFolder(), "file");
  writeFileSync(file, "");
  const bad = await mezzotint(["doctor", "--data", file]);
  expect(bad.code).toBe(1);
});

test("a pack from anywhere on the disk brings its nodes", async () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "input"));
  const picture = sharp({ create: { width: 8, height: 8, channels: 3, background: "#336699" } });
  await picture.png().toFile(join(folder, "input", "picture.png"));
  const example = readFileSync(join(root, "CONTRIBUTING.md"), "utf8");
  const [, pack] = /```js\n(.*?)```/s.exec(example) ?? [];
  writeFileSync(join(folder, "my-pack.js"), pack ?? "");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const nodes = {
    "1": { class_type: "LoadImage", inputs: { image: "picture.png" } },
    "2": { class_type: "Posterize", inputs: { image: ["1", 0], levels: 2 } },
    "3": { class_type: "SaveImage", inputs: { images: ["2", 0], filename_prefix: "posterize" } },
  };
  writeFileSync(join(folder, "posterize.json"), JSON.stringify(nodes));
  const ended = await mezzotint(["run", "posterize.json", "--pack", "./my-pack.js", ...data], { cwd: folder });
  expect(ended).toMatchObject({ code: 0 });
  const { channels } = await sharp(ended.stdout.trim()).stats();
  expect(channels.slice(0, 3).map(({ mean }) => mean)).toStrictEqual([0, 0, 255]);
});

test("a command that does not exist is refused, and --help is not an error", async () => {
  expect(await mezzotint(["rnu"])).toMatchObject({ code: 2, stdout: "" });
  const help = await mezzotint(["--help"]);
  expect(help).toMatchObject({ code: 0, stderr: "" });
  for (const command of ["run", "validate", "inspect", "nodes", "doctor"]) expect(help.stdout).toContain(command);
});
