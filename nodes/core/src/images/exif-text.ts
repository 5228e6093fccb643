/** One entry of a TIFF directory, as it stands: twelve bytes, of which four are its value or where that is. */
type Entry = Buffer;

const ASCII = 2;
/** Where ComfyUI puts a prompt (`Model`); other texts count down from `Make`. */
const PROMPT_TAG = 0x0110;
const FIRST_TAG = 0x010f;
/** No directory of a real picture is as long. */
const MAX_ENTRIES = 1000;

/** A TIFF header's reader of numbers; nothing if it is none. The EXIF of some writers begins with `Exif\0\0`. */
function open(exif: Buffer) {
  const tiff = exif.toString("latin1", 0, 6) === "Exif\0\0" ? exif.subarray(6) : exif;
  const order = tiff.toString("latin1", 0, 4);
  if (tiff.length < 8 || (order !== "II*\0" && order !== "MM\0*")) return undefined;
  const little = order === "II*\0";
  return {
    tiff,
    little,
    u16: (at: number) => (little ? tiff.readUInt16LE(at) : tiff.readUInt16BE(at)),
    u32: (at: number) => (little ? tiff.readUInt32LE(at) : tiff.readUInt32BE(at)),
  };
}

type Exif = NonNullable<ReturnType<typeof open>>;

/** The first directory's entries; those that a truncated file still has. */
function entriesOf({ tiff, u16, u32 }: Exif): Entry[] {
  const start = u32(4);
  if (start + 2 > tiff.length) return [];
  const count = Math.min(u16(start), MAX_ENTRIES, Math.floor((tiff.length - start - 2) / 12));
  return Array.from({ length: count }, (_, i) => tiff.subarray(start + 2 + 12 * i, start + 14 + 12 * i));
}

function textOf({ tiff, u16, u32 }: Exif, entry: Entry): string | undefined {
  const at = entry.byteOffset - tiff.byteOffset;
  if (u16(at + 2) !== ASCII) return undefined;
  const length = u32(at + 4);
  const from = length <= 4 ? at + 8 : u32(at + 8);
  if (from + length > tiff.length) return undefined;
  return tiff.toString("utf8", from, from + length).replace(/\0+$/, "");
}

/** The texts of the form `key:text` in an EXIF block, the first of each key: how ComfyUI keeps workflows in WebP. */
export function readExifText(exif: Buffer): Map<string, string> {
  const texts = new Map<string, string>();
  const opened = open(exif);
  if (!opened) return texts;
  for (const entry of entriesOf(opened)) {
    const [, key, text] = /^([\w-]{1,79}):(.*)$/s.exec(textOf(opened, entry) ?? "") ?? [];
    if (key !== undefined && text !== undefined && !texts.has(key)) texts.set(key, text);
  }
  return texts;
}

/**
 * An EXIF block with texts added, `key:text` each. What it had stays: its bytes are kept with every offset in them, and
 * a new first directory behind them lists the old entries and the new.
 */
export function withExifText(exif: Buffer | undefined, texts: Iterable<readonly [key: string, text: string]>): Buffer {
  const old = open(exif ?? Buffer.from("II*\0\x08\0\0\0\0\0\0\0\0\0", "latin1"));
  if (!old) throw new Error("the picture's EXIF block is broken: texts cannot be added to it");
  const { tiff, little, u16 } = old;
  const tagOf = (entry: Entry) => u16(entry.byteOffset - tiff.byteOffset);
  const write16 = (to: Buffer, n: number, at: number) => (little ? to.writeUInt16LE(n, at) : to.writeUInt16BE(n, at));
  const write32 = (to: Buffer, n: number, at: number) => (little ? to.writeUInt32LE(n, at) : to.writeUInt32BE(n, at));

  const parts: Buffer[] = [tiff, Buffer.alloc(tiff.length % 2)];
  let end = tiff.length + (tiff.length % 2);
  const added = new Map<number, Entry>();
  let next = FIRST_TAG;
  for (const [key, text] of texts) {
    const tag = key === "prompt" ? PROMPT_TAG : next--;
    const bytes = Buffer.from(`${key}:${text}\0`, "utf8");
    const entry = Buffer.alloc(12);
    write16(entry, tag, 0);
    write16(entry, ASCII, 2);
    write32(entry, bytes.length, 4);
    if (bytes.length <= 4) bytes.copy(entry, 8);
    else write32(entry, end, 8);
    if (bytes.length > 4) parts.push(bytes, Buffer.alloc(bytes.length % 2));
    if (bytes.length > 4) end += bytes.length + (bytes.length % 2);
    added.set(tag, entry);
  }
  // TIFF wants its entries in the order of their tags; an entry of the same tag is replaced.
  const kept = entriesOf(old).filter((entry) => !added.has(tagOf(entry)));
  const all = [...kept.map((entry) => [tagOf(entry), entry] as const), ...added].sort(([a], [b]) => a - b);
  const directory = Buffer.alloc(2 + 12 * all.length + 4);
  write16(directory, all.length, 0);
  for (const [i, [, entry]] of all.entries()) entry.copy(directory, 2 + 12 * i);
  const whole = Buffer.concat([...parts, directory]);
  write32(whole, end, 4);
  return whole;
}
