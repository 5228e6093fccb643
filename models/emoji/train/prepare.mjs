// Rasterise the emoji sets to RGBA 128x128 and write captions.
//   node prepare.mjs <folder with node_modules> <out folder>
// out/<set>.rgba : N x 128 x 128 x 4 bytes (straight alpha is not needed: resvg gives premultiplied RGBA)
// out/meta.json  : [{ set, index, label, group, names:[...], tags:[...] }]

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [root, out] = process.argv.slice(2);
const require = createRequire(path.resolve(root, "x.js"));
// @boundaries-ignore installed by hand, in the folder given
const { Resvg } = require("@resvg/resvg-js");
// @boundaries-ignore installed by hand, in the folder given
const emojis = require("emojibase-data/en/data.json");
// @boundaries-ignore installed by hand, in the folder given
const lib = require("emojilib/dist/emoji-en-US.json");
const SIZE = 128;
const sets = { flat: "fluent-emoji-flat", noto: "noto" };
const plain = (hex) =>
  hex
    .toLowerCase()
    .split("-")
    .filter((x) => x !== "fe0f")
    .join("-");
const clean = (s) =>
  s
    .toLowerCase()
    .replace(/[_\-:,“”’."()]/g, " ")
    .replace(/\s+/g, " ")
    .trim();
const bare = (s) => s.replace(/\ufe0f/g, "");
const libByChar = Object.fromEntries(Object.entries(lib).map(([k, v]) => [bare(k), v]));

// resvg 2.6.2 aborts the process on these
const BROKEN = new Set(["noto/rainbow-flag", "noto/package"]);
const labels = new Set(emojis.map((e) => e.label));
function wanted(e) {
  if (e.group === undefined || e.group === 2) return false;
  if (/^flag: /.test(e.label)) return false; // country flags
  if (/^Japanese “/.test(e.label) || /thirty$/.test(e.label)) return false;
  if (/^(family|kiss|couple with heart): /.test(e.label)) return false;
  // gendered variants of something that has a neutral picture
  const m = e.label.match(/^(man|woman|men|women) (.+)$/);
  if (m && [m[2], `person ${m[2]}`, `people ${m[2]}`, `${m[2]} person`].some((l) => labels.has(l))) return false;
  if (/^(man|woman|men|women) (police officer|detective|guard|construction worker|health worker|pilot)/.test(e.label))
    return false;
  return true;
}
const meta = [];
for (const [set, pkg] of Object.entries(sets)) {
  const { icons, width = 16, height = 16 } = require(`@iconify-json/${pkg}/icons.json`);
  const chars = Object.fromEntries(
    Object.entries(require(`@iconify-json/${pkg}/chars.json`)).map(([k, v]) => [plain(k), v]),
  );
  const fd = fs.openSync(path.join(out, `${set}.rgba`), "w");
  let index = 0;
  for (const e of emojis) {
    if (!wanted(e)) continue;
    const name = chars[plain(e.hexcode)];
    const icon = name && icons[name];
    if (!icon) continue;
    const w = icon.width ?? width,
      h = icon.height ?? height;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 ${w} ${h}" width="${SIZE}" height="${SIZE}">${icon.body}</svg>`;
    if (BROKEN.has(`${set}/${name}`)) continue;
    const image = new Resvg(svg, { fitTo: { mode: "width", value: SIZE } }).render();
    if (image.width !== SIZE || image.height !== SIZE) throw new Error(name);
    fs.writeSync(fd, image.pixels);
    const label = clean(e.label);
    const names = [...new Set([label, clean(name), ...(libByChar[bare(e.emoji)] ?? []).slice(0, 1).map(clean)])];
    const tags = [...new Set([...(e.tags ?? []), ...(libByChar[bare(e.emoji)] ?? []).slice(1)].map(clean))].filter(
      (t) => t && /^[a-z0-9 &!?+'/]+$/.test(t) && !names.includes(t),
    );
    meta.push({ set, index: index++, label, char: e.emoji, group: e.group, names, tags });
  }
  fs.closeSync(fd);
  console.log(set, index);
}
fs.writeFileSync(path.join(out, "meta.json"), JSON.stringify(meta));
