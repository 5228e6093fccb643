/** Gives numbers from 0 up to but not 1, like `Math.random`. */
export type Random = () => number;

/** Each level reads what is in it once more; nobody nests choices this deep. */
const DEEPEST = 100;

/**
 * What an editor makes of a text before it is submitted, by ComfyUI's rules: comments (C's, and from `//` to the end of
 * the line) go first, then one option of each `{a|b|c}` is taken, with the choices inside it. A brace that does not
 * close goes to the end of the text. `\{`, `\}` and `\|` are plain characters and lose their backslash; other
 * backslashes stay. One number is drawn for each choice that is met, from left to right, an outer one before those in
 * the option that it took. Throws when choices are nested more than 100 deep.
 */
export function resolveDynamicPrompt(text: string, random: Random): string {
  return resolve(text, random, 0);
}

function resolve(source: string, random: Random, depth: number): string {
  if (depth > DEEPEST) throw new Error(`the text nests choices in braces more than ${DEEPEST} deep`);
  const text = withoutComments(source);
  let resolved = "";
  for (let at = 0; at < text.length; ) {
    if (text[at] === "{") {
      const { options, end } = readChoice(text, at + 1);
      const option = options[Math.min(options.length - 1, Math.floor(random() * options.length))] as string;
      resolved += resolve(option, random, depth + 1);
      at = end;
    } else {
      const next = text[at] === "\\" ? at + 2 : at + 1;
      resolved += text.slice(at, next);
      at = next;
    }
  }
  // An option's escapes were resolved with it: a backslash that is left before a brace goes too, as in ComfyUI.
  return resolved.replace(/\\([{}|])/g, "$1");
}

/** The options of a choice that begins at `start`, after its brace, and where the text goes on. */
function readChoice(text: string, start: number): { options: string[]; end: number } {
  const options: string[] = [];
  let from = start;
  let level = 0;
  let at = start;
  for (; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "{") level++;
    else if (char === "}" && level-- === 0) break;
    else if (char === "|" && level === 0) {
      options.push(text.slice(from, at));
      from = at + 1;
    }
  }
  options.push(text.slice(from, at));
  return { options, end: at + 1 };
}

/** Cuts comments out, in time that grows with the text's length even if many do not close. */
function withoutComments(text: string): string {
  let kept = "";
  let from = 0;
  let closes = true;
  const starts = /\/[/*]/g;
  for (let found = starts.exec(text); found; found = starts.exec(text)) {
    const block = found[0] === "/*";
    const close = block && closes ? text.indexOf("*/", found.index + 2) : -1;
    if (block && close < 0) {
      // What does not close is text; a line comment may begin with its star's neighbour.
      closes = false;
      starts.lastIndex = found.index + 1;
      continue;
    }
    kept += text.slice(from, found.index);
    from = block ? close + 2 : endOfLine(text, found.index);
    starts.lastIndex = from;
  }
  return kept + text.slice(from);
}

function endOfLine(text: string, start: number): number {
  const breaks = /[\n\r\u2028\u2029]/g;
  breaks.lastIndex = start;
  return breaks.exec(text)?.index ?? text.length;
}

/**
 * The random numbers for the choices in one text of a workflow: the same for the same seed (its low 64 bits) and place
 * (e.g. `6.text`, a node and its input) on every machine, and unrelated for any other. 32 bits each, evenly spread:
 * Chris Doty-Humphrey's sfc32 (PractRand, 2010), its state hashed from seed and place.
 */
export function promptRandom(seed: bigint, place: string): Random {
  const key = `${BigInt.asUintN(64, seed)}/${place}`;
  let [a, b, c, counter] = [hash(key, 1), hash(key, 2), hash(key, 3), 1];
  const next = () => {
    const sum = (a + b + counter++) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = (((c << 21) | (c >>> 11)) + sum) | 0;
    return sum >>> 0;
  };
  // The author's own count of rounds until the state is mixed.
  for (let i = 0; i < 12; i++) next();
  return () => next() / 2 ** 32;
}

/** FNV-1a over UTF-16 code units, finished as MurmurHash3 is. */
function hash(text: string, salt: number): number {
  let value = 0x811c9dc5 ^ salt;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  value = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
  return value ^ (value >>> 16);
}
