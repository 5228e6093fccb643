import { expect, test } from "vitest";
import { withoutPaths } from "./without-paths.js";

test.each([
  [
    'no input file "a.png" in /home/me/.mezzotint/input; there are none',
    'no input file "a.png" in …/input; there are none',
  ],
  ["no model in /mnt/a/checkpoints, /mnt/b/checkpoints;", "no model in …/checkpoints, …/checkpoints;"],
  ["at run (file:///opt/app/dist/run.js:12:3)", "at run (…/run.js:12:3)"],
  ["at /opt/app/dist/run.js:12:3", "at …/run.js:12:3"],
  ["ENOENT: open '/home/me/x.bin'", "ENOENT: open '…/x.bin'"],
  ["C:\\Users\\me\\models\\x.bin is not a file", "…/x.bin is not a file"],
  ["at file:///C:/app/dist/run.js:1:2", "at …/run.js:1:2"],
  ["path=/srv/data/input", "path=…/input"],
])("%j is told as %j", (text, told) => {
  expect(withoutPaths(text)).toBe(told);
});

test.each([
  "8/8 steps",
  "and/or",
  "sub/folder/a.png",
  "../../x.png",
  "https://art.example/a/b.png",
  "1 / 2",
  "/queue",
  "16:9/4:3",
])("%j stays as it is", (text) => {
  expect(withoutPaths(text)).toBe(text);
});

test("folders that are known go whole, whatever is in their names", () => {
  const folders = ["/home/me and you/data", "/home/me and you/data/input"];
  expect(withoutPaths("in /home/me and you/data/input; none", folders)).toBe("in …/input; none");
  expect(withoutPaths("in /home/me and you/data/files/ann/input.", folders)).toBe("in …/input.");
});
