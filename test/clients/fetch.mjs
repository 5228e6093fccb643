// @ts-check
// Fills a cache with the clients that the tests here run: `node test/clients/fetch.mjs`.
// Needs npm, and python3 with pip, which know their registries or mirrors; nothing is installed. Does nothing the second
// time. Chromium is the system's.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** @typedef {{ name: string, version: string, file: string, sha256: string }} Client one of clients.json */

/** @type {{ frontend: Client, sdk: Client, python: Client }} */
const clients = JSON.parse(readFileSync(new URL("clients.json", import.meta.url), "utf8"));

/** In node_modules, where neither git nor the linter looks; available.ts knows it too. */
const cache = fileURLToPath(new URL("../../node_modules/.cache/mezzotint-clients", import.meta.url));

/** @param {string} program @param {...string} args */
const run = (program, ...args) => execFileSync(program, args, { stdio: ["ignore", "ignore", "inherit"] });

/**
 * Lays a client's files into a folder of its own, whole or not at all.
 * @param {Client} client
 * @param {(client: Client, work: string) => void} download puts the client's file into a folder
 * @param {(file: string, work: string) => void} unpack
 * @param {string} inside the part of what was unpacked that is wanted
 */
function lay(client, download, unpack, inside) {
  const { name, version, file, sha256 } = client;
  const folder = join(cache, `${name.replace(/.*\//, "")}-${version}`);
  if (existsSync(folder)) return;
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    download(client, work);
    const found = createHash("sha256")
      .update(readFileSync(join(work, file)))
      .digest("hex");
    if (found !== sha256) throw new Error(`${file} has the SHA-256 ${found}, where ${sha256} was expected`);
    unpack(join(work, file), join(work, "unpacked"));
    renameSync(join(work, "unpacked", inside), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {...string} args */
const pip = (...args) => run("python3", "-m", "pip", "--disable-pip-version-check", ...args);

const AS_PINNED = ["--no-deps", "--only-binary=:all:", "--quiet"];

/** @param {Client} client @param {string} work */
const fromPyPI = ({ name, version }, work) => {
  pip("download", `${name}==${version}`, ...AS_PINNED, "--dest", work);
};

/** @param {Client} client @param {string} work */
const fromNpm = ({ name, version }, work) => {
  run("npm", "pack", "--silent", `${name}@${version}`, "--pack-destination", work);
};

/** @param {string} file @param {string} into */
const unzip = (file, into) => run("python3", "-m", "zipfile", "-e", file, into);

/** @param {string} file @param {string} into */
const untar = (file, into) => {
  mkdirSync(into);
  run("tar", "-xzf", file, "-C", into);
};

/** Comfy's SDK and what it stands on: compiled packages, which are others for each platform. */
function layComfySdk() {
  const folder = join(cache, "comfy-sdk");
  const pinned = fileURLToPath(new URL("python/comfy-sdk.txt", import.meta.url));
  if (existsSync(folder)) return;
  const work = mkdtempSync(join(cache, "fetch-"));
  try {
    pip("install", ...AS_PINNED, "--root-user-action=ignore", "--target", join(work, "packages"), "-r", pinned);
    renameSync(join(work, "packages"), folder);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

mkdirSync(cache, { recursive: true });
lay(clients.frontend, fromPyPI, unzip, "comfyui_frontend_package/static");
lay(clients.python, fromPyPI, unzip, "");
lay(clients.sdk, fromNpm, untar, "package");
layComfySdk();
console.log(cache);
