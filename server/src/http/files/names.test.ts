import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { fileIn, folderIn, pathIn, placeIn, relativePath } from "./names.js";

describe("a name from outside", () => {
  test.each([
    ["a.png", "a.png"],
    ["sub\\a.png", "sub/a.png"],
    ["./sub//a.png", "sub/a.png"],
    ["sub/../a.png", "a.png"],
    ["猫 и кот.png", "猫 и кот.png"],
    ["100%.png", "100%.png"],
    ["12:30.png", "12:30.png"],
    ["console.png", "console.png"],
  ])("%j is the path %j", async (name, path) => {
    expect(await relativePath(name, "linux")).toBe(path);
  });

  test.each([
    "",
    ".",
    "..",
    "../a.png",
    "..\\a.png",
    "a/../../b.png",
    "/etc/passwd",
    "\\\\server\\share\\a.png",
    "C:\\a.png",
    "c:a.png",
    "a\0.png",
    "a\r\nSet-Cookie: x=1",
    "%2e%2e/a.png",
    "..%2fa.png",
    "a%5C..%5Cb.png",
    "a.png%00.html",
    "a%0d%0ab.png",
    "con",
    "NUL.png",
    "sub/aux.tar.gz",
    "com1",
    "lpt¹.txt",
    "x".repeat(300),
  ])("%j is refused", async (name) => {
    await expect(relativePath(name, "linux")).rejects.toThrow(/the name/);
  });

  test.each(["a.png::$DATA", "a.png:stream", "a.png.", "a.png ", "what?.png", "a|b"])(
    "%j is refused on Windows",
    async (name) => {
      await expect(relativePath(name, "win32")).rejects.toThrow(/Windows/);
    },
  );

  test("and its sub-folder must each stay inside", async () => {
    expect(await pathIn("a/b", "c.png")).toBe("a/b/c.png");
    expect(await pathIn("", "c.png")).toBe("c.png");
    await expect(pathIn("a", "../c.png")).rejects.toThrow(/leaves its folder/);
    await expect(pathIn("..", "c.png")).rejects.toThrow(/leaves its folder/);
  });
});

describe("with links", () => {
  let top: string;
  let root: string;
  beforeEach(() => {
    top = realpathSync(mkdtempSync(join(tmpdir(), "names-")));
    root = join(top, "root");
    mkdirSync(join(root, "sub"), { recursive: true });
    mkdirSync(join(top, "outside"));
    writeFileSync(join(top, "outside", "secret.png"), "secret");
    writeFileSync(join(root, "a.png"), "a");
    symlinkSync(join(top, "outside"), join(root, "out"));
    symlinkSync(join(top, "outside", "secret.png"), join(root, "secret.png"));
    symlinkSync(join(top, "outside", "new.png"), join(root, "dangling.png"));
    symlinkSync(join(top, "outside", "new"), join(root, "dangling"));
    symlinkSync(join(root, "a.png"), join(root, "sub", "inside.png"));
  });
  afterEach(() => rmSync(top, { recursive: true }));

  test("a link that stays inside is followed", async () => {
    expect((await fileIn([root], "sub/inside.png")).path).toBe(join(root, "a.png"));
  });

  test.each(["secret.png", "out/secret.png"])("reading %j is refused", async (path) => {
    await expect(fileIn([root], path)).rejects.toThrow(/leads out/);
  });

  test("listing a folder outside is refused", async () => {
    await expect(folderIn(root, "out")).rejects.toThrow(/leads out/);
    expect(await folderIn(root, "a.png")).toBeUndefined();
    expect(await folderIn(root, "")).toBe(root);
  });

  test("nothing is made outside", async () => {
    for (const path of ["out/b.png", "out/deep/er/b.png"])
      await expect(placeIn(root, path)).rejects.toThrow(/leads out/);
    await expect(placeIn(root, "dangling/b.png")).rejects.toThrow();
    expect(readdirSync(join(top, "outside"))).toEqual(["secret.png"]);
  });

  test("folders on the way are made; a file on the way is an error", async () => {
    expect(await placeIn(root, "new/folder/b.png")).toEqual({ folder: join(root, "new/folder"), name: "b.png" });
    for (const path of ["a.png/b.png", "a.png/new/b.png"])
      await expect(placeIn(root, path)).rejects.toThrow(/file|folder/);
  });
});
