import type { Random } from "./random.js";

/** JSON text that stands where it is put, valid or not: what `JSON.stringify` would never write. */
export class Raw {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** JSON of a value that may hold `Raw` texts. */
export function toText(value: unknown): string {
  if (value instanceof Raw) return value.text;
  if (Array.isArray(value)) return `[${value.map(toText).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const fields = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${toText(inner)}`);
    return `{${fields.join(",")}}`;
  }
  return JSON.stringify(value) ?? "null";
}

const NUMBERS = [
  ...["0", "-0", "-1", "1.5", "1e-400", "1e308", "1e999", "-1e999", "9007199254740993", "18446744073709551616"],
  ...["-18446744073709551616", `1${"0".repeat(300)}`, `1${"0".repeat(2000)}`, "0.1e-7", "2147483648", "-2147483649"],
].map((text) => new Raw(text));

/** Names that objects of JavaScript have without having been given them. */
const NAMES = ["__proto__", "constructor", "prototype", "toString", "hasOwnProperty", "valueOf", "then", "length"];

const TEXTS = [
  ...["", " ", "NaN", "Infinity", "-0", "null", "undefined", "true", "[object Object]", "0x10", "1e3"],
  ...[
    "\0",
    "a\0b",
    "\u202egnp.exe",
    "\ufeff",
    "e\u0301\u0301\u0301",
    "👩‍👩‍👧‍👦",
    "ﷺ".repeat(50),
    "\r\nSet-Cookie: a=b",
  ],
  ...["../../../../etc/passwd", "C:\\Windows\\win.ini", "/etc/passwd", "file:///etc/passwd", "%2e%2e%2f", "a/b\\c"],
  ...["<script>alert(1)</script>", "'; DROP TABLE jobs; --", "{red|blue|{green|", "((((((word:1e9)", "%KSampler.seed%"],
  ...["$(reboot)", "embedding:../../x", "x".repeat(50_000), "🙂".repeat(20_000), "{".repeat(3000), "(".repeat(3000)],
];

/** Half characters: JSON can say them, UTF-8 cannot. */
const HALVES = [new Raw('"\\ud800"'), new Raw('"a\\udc00b"'), new Raw('"\\ud83d\\u0000"')];

const BROKEN = ["NaN", "Infinity", "undefined", "'a'", "01", "[1,]", '{"a":1,}', '"\t"', '"\\x41"', "", ",", "}"];

const nested = (depth: number, open: string): Raw =>
  new Raw(`${open.repeat(depth)}1${(open === "[" ? "]" : "}").repeat(depth)}`);

/** A value that is not what was expected. */
export function hostileValue(chance: Random): unknown {
  const { pick, below } = chance;
  switch (below(9)) {
    case 0:
      return pick(NUMBERS);
    case 1:
      return pick(TEXTS);
    case 2:
      return pick(NAMES);
    case 3:
      return pick([null, true, false, [], {}, [[]], [null], [{}], [0], ["1"], { a: [] }]);
    case 4:
      return pick(HALVES);
    case 5:
      return nested(pick([30, 90, 480, 520, 20_000]), pick(["[", '{"a":']));
    case 6:
      // What looks like a link, or like ComfyUI's way to say that a list is none.
      return pick<unknown>([
        ["1", -1],
        ["1", 1.5],
        ["1", 2 ** 31],
        ["1", "0"],
        ["1", 0, 0],
        [1, 0],
        ["nobody", 0],
        ["__proto__", 0],
        ["constructor", 0],
        [["1", 0], 0],
        ["1", null],
        { __value__: ["1", 0] },
        { __value__: { __value__: [] } },
        { __proto__: null, __type__: "IMAGE" },
      ]);
    case 7:
      return new Raw(`{${pick(NAMES.map((name) => JSON.stringify(name)))}:${toText(pick(NUMBERS))}}`);
    default:
      return chance.chance(0.15) ? new Raw(pick(BROKEN)) : pick(TEXTS);
  }
}

/** A key that is not one of those expected. */
export const hostileKey = ({ pick, below, chance }: Random): string =>
  chance(0.4) ? pick(NAMES) : chance(0.5) ? pick(TEXTS) : String(below(100) - 20);
