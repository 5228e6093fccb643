import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Answer, type FileServer, formOf, pngOf, serveFiles } from "./file-server.fixture.js";

/** Ways out of a folder, as they stand in an address: already escaped where they must be. */
const WAYS_OUT = [
  "../secret.png",
  "..%2fsecret.png",
  "..%2Fsecret.png",
  "%2e%2e%2fsecret.png",
  "%2e%2e/secret.png",
  "..%5csecret.png",
  "..%5Csecret.png",
  "..%252fsecret.png",
  "%252e%252e%252fsecret.png",
  "..%255csecret.png",
  "a%2f..%2f..%2fsecret.png",
  "a%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
  "..;%2fsecret.png",
  "....%2f%2fsecret.png",
  "..%c0%afsecret.png",
  "..%ef%bc%8fsecret.png",
  "%2fetc%2fpasswd",
  "%2f%2fetc%2fpasswd",
  "%5c%5cserver%5cshare%5csecret.png",
  "C:%5csecret.png",
  "c:secret.png",
  "file:%2f%2f%2fetc%2fpasswd",
  "secret.png%00",
  "..%2fsecret.png%00.png",
  "%00",
  "a%0d%0aX-Evil:%201",
  "%7f",
  "..",
  ".",
  "",
  "%20..%2fsecret.png",
  "..%20%2fsecret.png",
  "con",
  "nul.png",
  "com1.json",
  "x".repeat(231),
  "%ff%fe",
  "%zz",
];

const SECRET = "the secret";
let files: FileServer;
let before: string[];
const tree = () => readdirSync(files.data, { recursive: true, encoding: "utf8" }).sort();

beforeAll(async () => {
  files = await serveFiles();
  for (const path of ["secret.png", "secret.json", "models/secret.png", "users/secret.png", "secret.safetensors"])
    files.put(path, SECRET);
  for (const folder of ["input/a", "output/a", "temp/a", "users/default/a", "models/checkpoints"])
    mkdirSync(join(files.data, folder), { recursive: true });
  files.put("users/default/own.json", "{}");
  files.put("output/own.png", await pngOf(2, 2, 1, 2, 3));
  before = tree();
});
afterAll(() => files.close());

/** Not granted, not our fault, nothing given away, nothing changed. */
function expectRefused({ status, headers, body }: Answer, way: string) {
  expect(status, way).toBeGreaterThanOrEqual(400);
  expect(status, way).toBeLessThan(500);
  expect(headers, way).not.toHaveProperty("x-evil");
  expect(body.toString(), way).not.toContain(SECRET);
  expect(body.toString(), way).not.toContain("root:");
  expect(body.toString(), way).not.toContain(files.data);
}

describe.each([
  ["view filename", (way: string) => `/view?filename=${way}`],
  ["view sub-folder", (way: string) => `/view?filename=secret.png&subfolder=${way}`],
  ["view type", (way: string) => `/view?filename=secret.png&type=${way || "x"}`],
  ["view with preview", (way: string) => `/view?filename=${way}&preview=webp`],
  ["view channel a", (way: string) => `/view?filename=${way}&channel=a`],
  ["view with a folder in its name", (way: string) => `/view?filename=${way}%20[input]`],
  ["view_metadata filename", (way: string) => `/view_metadata/checkpoints?filename=${way}`],
  ["view_metadata folder", (way: string) => `/view_metadata/${way}?filename=secret.safetensors`],
  ["userdata file", (way: string) => `/userdata/${way}`],
  ["internal files", (way: string) => `/internal/files/${way}`],
])("reading: %s", (_, path) => {
  test.each(WAYS_OUT)("%s", async (way) => {
    expectRefused(await files.ask(path(way)), way);
  });
});

// Of these, "." and "" are the user's own folder.
describe.each([
  ["userdata dir", (way: string) => `/userdata?dir=${way}&recurse=true`],
  ["v2 userdata path", (way: string) => `/v2/userdata?path=${way}`],
])("listing: %s", (_, path) => {
  test.each(WAYS_OUT.filter((way) => way !== "" && way !== "."))("%s", async (way) => {
    expectRefused(await files.ask(path(way)), way);
  });
});

/** Names that are odd but stay inside: on Linux a file may be called so. */
const HARMLESS = new Set([
  "file:%2f%2f%2fetc%2fpasswd",
  "..;%2fsecret.png",
  "....%2f%2fsecret.png",
  "..%c0%afsecret.png",
  "..%ef%bc%8fsecret.png",
]);
const ODD = new Set(["%20..%2fsecret.png", "..%20%2fsecret.png", "%ff%fe"]);
const CLIMBING = WAYS_OUT.filter((way) => !HARMLESS.has(way) && !ODD.has(way));

describe.each([
  ["userdata POST", "POST", (way: string) => `/userdata/${way}`],
  ["userdata DELETE", "DELETE", (way: string) => `/userdata/${way}`],
  ["userdata move from", "POST", (way: string) => `/userdata/${way}/move/new.json`],
  ["userdata move to", "POST", (way: string) => `/userdata/own.json/move/${way}`],
])("writing: %s", (_, method, path) => {
  test.each(CLIMBING)("%s", async (way) => {
    expectRefused(await files.ask(path(way), { method, body: "evil" }), way);
    expect(tree()).toEqual(before);
  });
});

const decoded = (way: string): string => {
  try {
    return decodeURIComponent(way);
  } catch {
    return way;
  }
};

describe.each([
  ["name", (way: string, png: Buffer) => formOf([["image", png, decoded(way).replaceAll(/["\r\n]/g, "")]])],
  [
    "sub-folder",
    (way: string, png: Buffer) =>
      formOf([
        ["image", png, "x.png"],
        ["subfolder", decoded(way)],
      ]),
  ],
  [
    "type",
    (way: string, png: Buffer) =>
      formOf([
        ["image", png, "x.png"],
        ["type", decoded(way)],
      ]),
  ],
])("uploading: %s", (field, form) => {
  const ways = CLIMBING.filter((way) => field !== "sub-folder" || !["", ".", "%zz"].includes(way));
  test.each(ways.filter((way) => field !== "name" || !/%0d|%7f|^%zz$/.test(way)))("%s", async (way) => {
    const png = await pngOf(2, 2, 9, 9, 9);
    const { status, body } = await files.ask("/upload/image", form(way, png));
    expect(status, body.toString()).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(tree()).toEqual(before);
  });
});

test("nothing was changed, and nothing was our fault", () => {
  expect(readFileSync(join(files.data, "secret.png"), "utf8")).toBe(SECRET);
  expect(existsSync("/etc/passwd")).toBe(true);
  expect(files.faults).toEqual([]);
});
