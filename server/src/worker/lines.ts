import type { Readable } from "node:stream";

/** Characters of one line; the rest of a longer one is left out. */
const LONGEST = 4096;

/** Calls back for each line of a stream that is not empty. Memory stays bounded, whatever comes. */
export function onLines(stream: Readable, listener: (line: string) => void): void {
  let line = "";
  const end = () => {
    const whole = line.trim();
    line = "";
    if (whole !== "") listener(whole);
  };
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    const [first = "", ...more] = chunk.split("\n");
    line = (line + first).slice(0, LONGEST);
    for (const part of more) {
      end();
      line = part.slice(0, LONGEST);
    }
  });
  stream.on("end", end);
}
