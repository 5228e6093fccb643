// onnxruntime-node's postinstall downloads a CUDA library of several hundred megabytes on Linux, and fails the whole
// install when it can't. It stops when the files are there, and npm runs every preinstall before any postinstall: so
// this preinstall puts notes in their places. See docs/decisions/2026-11-22-onnxruntime-install.md.
// CUDA on purpose: npm rebuild -g onnxruntime-node --onnxruntime-node-install=cuda12
const { existsSync, writeFileSync } = require("node:fs");
const { dirname, join } = require("node:path");

const NOTE = "Placeholder: onnxruntime-node's CUDA library was not downloaded (see @mezzotint/engine, install/).\n";

try {
  const root = dirname(require.resolve("onnxruntime-node/package.json"));
  const { requirements, manifests } = require(join(root, "script", "install-metadata.js"));
  const platform = `${process.platform}/${process.arch}`;
  const wanted = (requirements[platform] ?? []).flatMap((name) => Object.keys(manifests[`${platform}:${name}`] ?? {}));
  for (const file of wanted) {
    const path = join(root, "bin", "napi-v6", platform, file);
    if (!existsSync(path)) writeFileSync(path, NOTE);
  }
} catch (error) {
  // Never fails an install: without the notes, onnxruntime-node does what it does by itself.
  console.warn(`@mezzotint/engine: left onnxruntime-node's own installer as it is (${error.message})`);
}
