// @ts-check
// Made data/ from a whole set: `node test/goldens/reduce.mjs FROM TO`. It keeps the cases that the product can do, and
// of these the files that the runner reads.
import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

const KEPT =
  /^(rng\..*|unet_.*|vae_.*|taesd|clip_[lgh]|clip\.tokenizer|clip\.prompt_weights|samplers\..*|e2e\..*|conditions\..*|images\..*)$/;

/** Files that a case names and nothing reads, or that say again what another file says. */
const LEFT_OUT = /** @type {Readonly<Record<string, readonly string[]>>} */ ({
  unet_sdxl: ["diffusers", "config"],
  "clip.tokenizer": ["vocab", "merges"],
  "e2e.diffusers": ["inpaint_unet", "control_a", "control_b"],
  "e2e.comfy": ["inpaint_unet", "control_a", "control_b"],
});

const [from, to] = process.argv.slice(2);
if (from === undefined || to === undefined) throw new Error("usage: node test/goldens/reduce.mjs FROM TO");

const { cases, cross_checks: _, ...head } = JSON.parse(await readFile(join(from, "manifest.json"), "utf8"));
const kept = [];
for (const { shapes: _shapes, ...c } of cases) {
  if (!KEPT.test(c.id)) continue;
  const files = Object.entries(c.files).filter(([role]) => !LEFT_OUT[c.id]?.includes(role));
  kept.push({ ...c, files: Object.fromEntries(files.map(([role, file]) => [role, ownFile(c.id, role, file)])) });
}
for (const file of new Set(kept.flatMap(({ files }) => Object.values(files)))) {
  await mkdir(dirname(join(to, file)), { recursive: true });
  await cp(join(from, file), join(to, file), { mode: 0 });
}
// One case a line, as the generator writes it.
const lines = kept.map((c) => JSON.stringify(c)).join(",\n");
await writeFile(
  join(to, "manifest.json"),
  `${JSON.stringify(head, null, 1).slice(0, -2)},\n "cases": [\n${lines}\n]}\n`,
);

/** Older manifests name the ComfyUI runs' file for the diffusers runs too. @param {string} id @param {string} role @param {string} file */
function ownFile(id, role, file) {
  return id === "e2e.diffusers" && role === "io" ? join(dirname(file), "diffusers.safetensors") : file;
}
