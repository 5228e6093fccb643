import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { openFolders } from "./open-folders.js";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "folders-"));
});
afterEach(() => rmSync(data, { recursive: true }));

const put = (...parts: string[]): string => {
  const path = join(data, ...parts);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, "x");
  return path;
};

describe("models", () => {
  test("are listed by extension, with sub-folders, sorted; hidden folders are not", () => {
    for (const name of ["b.safetensors", "sub/deep/a.ckpt", "note.txt", ".git/x.ckpt", "C.SFT"])
      put("models/checkpoints", name);
    expect(openFolders({ data }).models("checkpoints")).toEqual(["C.SFT", "b.safetensors", "sub/deep/a.ckpt"]);
  });

  test("a diffusers folder is one checkpoint, its parts are none", () => {
    put("models/checkpoints/sub/pipeline/model_index.json");
    put("models/checkpoints/sub/pipeline/unet/diffusion_pytorch_model.safetensors");
    const folders = openFolders({ data });
    expect(folders.models("checkpoints")).toEqual(["sub/pipeline"]);
    expect(folders.model("checkpoints", "sub\\pipeline")).toBe(join(data, "models/checkpoints/sub/pipeline"));
    expect(() => folders.model("checkpoints", "sub")).toThrow(/no model "sub"/);
  });

  test("say which folders are searched, in order, whether they exist or not", () => {
    const modelRoots = [
      { kind: "clip", folder: join(data, "late") },
      { kind: "text_encoders", folder: join(data, "early"), first: true },
      { kind: "vae", folder: join(data, "other") },
    ];
    const own = ["text_encoders", "clip"].map((name) => join(data, "models", name));
    const searched = [join(data, "early"), ...own, join(data, "late")];
    expect(openFolders({ data, modelRoots }).roots("text_encoders")).toEqual(searched);
  });

  test("kinds have ComfyUI's other names", () => {
    const path = put("models/clip/t5.safetensors");
    put("models/text_encoders/l.safetensors");
    const folders = openFolders({ data });
    for (const kind of ["clip", "text_encoders"]) {
      expect(folders.models(kind)).toEqual(["l.safetensors", "t5.safetensors"]);
      expect(folders.model(kind, "t5.safetensors")).toBe(path);
    }
  });

  test("several roots: the first wins; single models come last", () => {
    const own = put("models/vae/a.safetensors");
    put("more/a.safetensors");
    const other = put("more/b.safetensors");
    const extra = put("elsewhere/weights.safetensors");
    const folders = openFolders({
      data,
      modelRoots: [{ kind: "vae", folder: join(data, "more") }],
      extraModels: { vae: { built_in: extra, "a.safetensors": extra } },
    });
    expect(folders.models("vae")).toEqual(["a.safetensors", "b.safetensors", "built_in"]);
    expect(folders.model("vae", "a.safetensors")).toBe(own);
    expect(folders.model("vae", "b.safetensors")).toBe(other);
    expect(folders.model("vae", "built_in")).toBe(extra);
  });

  test("a root may come before the data directory's own, and serves under a kind's older names", () => {
    const favourite = put("favourites/a.safetensors");
    put("models/text_encoders/a.safetensors");
    const folders = openFolders({
      data,
      modelRoots: [{ kind: "clip", folder: join(data, "favourites"), first: true }],
    });
    expect(folders.model("text_encoders", "a.safetensors")).toBe(favourite);
  });

  test("a model that arrives while the process runs is listed", () => {
    const folders = openFolders({ data });
    expect(folders.models("loras")).toEqual([]);
    put("models/loras/new.safetensors");
    expect(folders.models("loras")).toEqual(["new.safetensors"]);
    put("models/loras/sub/newer.safetensors");
    expect(folders.models("loras")).toEqual(["new.safetensors", "sub/newer.safetensors"]);
  });

  test("a file or folder that the user links in is theirs to use; a loop of links ends", () => {
    const real = put("store/real.safetensors");
    mkdirSync(join(data, "models/loras"), { recursive: true });
    symlinkSync(real, join(data, "models/loras/linked.safetensors"));
    symlinkSync(join(data, "store"), join(data, "models/loras/store"));
    symlinkSync(join(data, "models/loras"), join(data, "models/loras/again"));
    symlinkSync(join(data, "gone"), join(data, "models/loras/dangling.safetensors"));
    const folders = openFolders({ data });
    expect(folders.models("loras")).toEqual(["linked.safetensors", "store/real.safetensors"]);
    expect(folders.model("loras", "linked.safetensors")).toBe(join(data, "models/loras/linked.safetensors"));
  });

  test("a new file is seen without a restart, even with an unchanged clock", () => {
    put("models/vae/a.safetensors");
    const folder = join(data, "models/vae");
    const folders = openFolders({ data });
    const then = new Date();
    utimesSync(folder, then, then);
    expect(folders.models("vae")).toHaveLength(1);
    put("models/vae/b.safetensors");
    utimesSync(folder, then, then);
    expect(folders.models("vae")).toHaveLength(2);
  });

  test.each([
    "../secret.safetensors",
    "a/../../secret.safetensors",
    "..\\secret.safetensors",
    "/etc/passwd",
    "C:\\x.pt",
    "",
    "a\0b",
  ])("the name %j is refused", (name) => {
    put("models/checkpoints/a/x.safetensors");
    put("models/secret.safetensors");
    expect(() => openFolders({ data }).model("checkpoints", name)).toThrow(/absolute|leaves|empty|control/);
  });

  test("an error names the kind, the name, the roots, and what was near", () => {
    put("models/checkpoints/sd/v1-5-pruned.safetensors");
    const folders = openFolders({ data });
    expect(() => folders.model("checkpoints", "v1-5-prunned.ckpt")).toThrow(
      `no model "v1-5-prunned.ckpt" of kind "checkpoints" in ${join(data, "models/checkpoints")}; did you mean "sd/v1-5-pruned.safetensors"?`,
    );
    expect(() => folders.model("loras", "x")).toThrow(/there are none yet/);
    expect(() => folders.models("../etc")).toThrow(/cannot be a kind/);
    expect(() => folders.model("__proto__", "x")).toThrow(/no model "x"/);
  });
});

describe("inputs", () => {
  test("are the pictures at the top of the input folders", () => {
    for (const name of ["b.PNG", "a.webp", "notes.txt", "sub/c.png"]) put("input", name);
    const folders = openFolders({ data });
    expect(folders.inputs()).toEqual(["a.webp", "b.PNG"]);
    expect(folders.input("sub\\c.png")).toBe(join(data, "input/sub/c.png"));
  });

  test("a suffix chooses the folder", () => {
    const paths = { input: put("input/x.png"), output: put("output/x.png"), temp: put("temp/x.png") };
    const folders = openFolders({ data });
    expect(folders.input("x.png")).toBe(paths.input);
    for (const [place, path] of Object.entries(paths)) expect(folders.input(`x.png [${place}]`)).toBe(path);
  });

  test("names and links that lead out are refused", () => {
    put("secret.png");
    put("input/x.png");
    symlinkSync(join(data, "secret.png"), join(data, "input/link.png"));
    symlinkSync(data, join(data, "input/up"));
    symlinkSync(join(data, "input/x.png"), join(data, "input/inside.png"));
    const folders = openFolders({ data });
    for (const name of ["../secret.png", "sub/../../secret.png [input]", "/etc/passwd", "..\\secret.png"])
      expect(() => folders.input(name)).toThrow(/leaves its folder|absolute/);
    for (const name of ["link.png", "up/secret.png"])
      expect(() => folders.input(name)).toThrow(/is a link that leads out of/);
    expect(folders.input("inside.png")).toBe(join(data, "input/x.png"));
  });

  test("a missing one is named, with its folder and what is near", () => {
    put("input/cat.png");
    expect(() => openFolders({ data }).input("cta.png")).toThrow(
      `no input file "cta.png" in ${join(data, "input")}; did you mean "cat.png"?`,
    );
  });
});
