import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../command.js";

const clients = JSON.parse(readFileSync(join(import.meta.dirname, "clients.json"), "utf8"));

/** Where fetch.mjs lays a client of clients.json. */
const folderOf = (client: string): string => {
  const { name, version } = clients[client];
  return join(root, "node_modules/.cache/mezzotint-clients", `${name.replace(/.*\//, "")}-${version}`);
};

/** ComfyUI's frontend as it is published. GPL-3.0: it is run against the server, and never a part of it. */
export const frontend = folderOf("frontend");

/** The SDK's library needs nothing but `ws`; its package asks for a terminal's React as well, so it is unpacked alone. */
export const sdk = join(folderOf("sdk"), "build/index.esm.js");

/** For `PYTHONPATH`. */
export const pythonPackages = folderOf("python");

/** For `PYTHONPATH`: Comfy's own SDK, and what it stands on. */
export const comfySdk = join(root, "node_modules/.cache/mezzotint-clients/comfy-sdk");

/** A browser that is installed: `$CHROMIUM`, or where systems have it. */
export const chromium = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
].find((path) => path && existsSync(path));

/** Why a client's tests cannot run here; undefined where they can. */
type Missing = string | undefined;

const fetched = (client: string): Missing =>
  existsSync(folderOf(client)) ? undefined : `${clients[client].name} is missing: node test/clients/fetch.mjs`;

const python = (): Missing => (spawnSync("python3", ["--version"]).error ? "there is no python3" : undefined);

export const missing = {
  python: (): Missing => python() ?? fetched("python"),
  comfySdk: (): Missing =>
    python() ?? (existsSync(comfySdk) ? undefined : "comfy-sdk is missing: node test/clients/fetch.mjs"),
  sdk: (): Missing => fetched("sdk"),
  frontend: (): Missing => (chromium === undefined ? "there is no Chromium; see $CHROMIUM" : fetched("frontend")),
};
