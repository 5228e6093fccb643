import { hostileKey, hostileValue, Raw } from "./hostile.js";
import { spoilBytes } from "./mutate.js";
import type { Random } from "./random.js";

/** A form as it goes over the wire. */
export interface Form {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const text = (value: unknown): string =>
  typeof value === "string" ? value : value instanceof Raw ? value.text : "[1]";

/** A form with a picture, of which something is wrong more often than not. */
export function anyForm(pictures: readonly Buffer[], originals: readonly string[], chance: Random): Form {
  const { pick, below, chance: happens } = chance;
  const boundary = pick(["x", "----WebKitFormBoundary7MA4YWxk", "a".repeat(70), "'()+_,-./:=?"]);
  const picture = happens(0.5) ? pick(pictures) : spoiled(pick(pictures), chance);
  const parts: Buffer[] = [];
  const part = (head: string, content: Buffer | string) =>
    parts.push(
      Buffer.concat([Buffer.from(`--${boundary}\r\n${head}\r\n\r\n`), Buffer.from(content), Buffer.from("\r\n")]),
    );
  const field = (name: string, value: string) => part(`Content-Disposition: form-data; name="${name}"`, value);
  const file = () =>
    part(
      `Content-Disposition: form-data; name="${happens(0.9) ? "image" : text(hostileKey(chance))}"; filename${nameOf(chance)}` +
        `\r\nContent-Type: ${pick(["image/png", "text/html", "image/svg+xml", "", "x".repeat(5000)])}`,
      picture,
    );
  const before = happens(0.5);
  if (before) file();
  for (const [name, usual] of [
    ["type", ["input", "temp", "output"]],
    ["subfolder", ["", "a", "a/b"]],
    ["overwrite", ["true", "false"]],
    ["original_ref", originals],
  ] as const)
    if (happens(0.6)) field(name, happens(0.8) ? pick(usual) : text(hostileValue(chance)));
  if (!before || happens(0.03)) file();
  if (happens(0.05)) for (let i = below(40); i > 0; i--) field(hostileKey(chance), "x");
  const end = happens(0.95)
    ? `--${boundary}--\r\n`
    : pick(["", `--${boundary}`, "--", `--${boundary}--${"x".repeat(5000)}`]);
  const body = Buffer.concat([...parts, Buffer.from(end)]);
  const type = happens(0.95)
    ? `multipart/form-data; boundary="${boundary}"`
    : pick([
        "multipart/form-data",
        "multipart/form-data; boundary=",
        "multipart/form-data; boundary=y",
        "image/png",
        "text/plain",
      ]);
  return { headers: { "content-type": type }, body: happens(0.1) ? spoilBytes(body, chance) : body };
}

/** A picture that was cut, or lies about what it is. */
function spoiled(picture: Buffer, chance: Random): Buffer {
  if (chance.chance(0.8)) return spoilBytes(picture, chance);
  return chance.pick([
    Buffer.alloc(0),
    Buffer.from("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"),
    Buffer.from("<!doctype html><script>alert(1)</script>"),
    Buffer.from("GIF89a"),
    Buffer.from("\x89PNG\r\n\x1a\n"),
    Buffer.alloc(1_000_000, 7),
  ]);
}

/** The rest of a header after `filename`: a name that may hold anything but a line's end. */
function nameOf({ chance, pick, below }: Random): string {
  if (chance(0.5)) return `="picture ${below(20)}.png"`;
  return pick([
    `="${pick(["../../x.png", "..\\x.png", "/etc/x.png", "C:\\x.png", "a/b/c/d.png", "con.png", "x.png ", ".png", "..", "."])}"`,
    `="${pick(["x.html", "x.svg", "x.png.html", "x.js", "x", "x.png\0.html", "\u202egnp.x", "ü\u0308👾.png"])}"`,
    `="${"x".repeat(pick([100, 251, 252, 1000, 20_000]))}.png"`,
    `="a\\"b;c=d.png"`,
    "*=UTF-8''%e2%82%ac%00.png",
    "*=nobody''%ff%fe.png",
    "*=",
    "",
    '="',
    '=""',
    '=".0a1b2c3d-0000-4000-8000-000000000000.part"',
    '="x.png"; filename="y.png"',
  ]);
}
