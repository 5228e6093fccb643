import type { RunEvent } from "@mezzotint/engine";
import { stringifyJson } from "@mezzotint/engine";
import { type Palette, palette } from "./colour.js";
import { printable } from "./printable.js";

/** Tells the user how a run goes. `say` puts a line above whatever moves; `end` leaves the terminal clean. */
export interface Reporter {
  readonly event: (event: RunEvent) => void;
  readonly end: () => void;
}

/** What a reporter needs to know beforehand. */
export interface Watched {
  /** How many of the workflow's nodes will run. */
  readonly nodes: number;
  /** What a node is called on a terminal: its title, else its type. */
  readonly nameOf: (id: string) => string;
}

type Output = Pick<NodeJS.WriteStream, "write" | "isTTY" | "columns">;

const BAR = 24;

const bar = (part: number): string => {
  const full = Math.round(Math.min(1, Math.max(0, part)) * BAR);
  return `${"█".repeat(full)}${"░".repeat(BAR - full)}`;
};

const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(milliseconds < 9950 ? 2 : 0)} s`;

/** What a person should read: why nothing came of a node, or what it found odd (`warnings` among what it shows). */
function remarksOf(event: RunEvent): readonly string[] {
  if (event.type === "blocked") return event.message ? [event.message] : [];
  const warnings = event.type === "finished" || event.type === "cached" ? event.shown?.warnings : undefined;
  return (warnings ?? []).map(String);
}

/** One line that is drawn again and again: the whole run, and the node that counts its steps. */
function terminalReporter({ nodes, nameOf }: Watched, output: Output, { dim, yellow }: Palette): Reporter {
  const over = new Set<string>();
  const running = new Map<string, number>();
  let current = "";
  const draw = () => {
    // A node that is half done counts half.
    const done = [...running.values()].reduce((sum, part) => sum + part, over.size);
    const line = ` ${Math.min(over.size, nodes)}/${nodes} ${current}`;
    const room = Math.max(0, (output.columns || 80) - BAR - 1);
    output.write(`\r\u001b[K${bar(done / Math.max(1, nodes))}${dim(line.slice(0, room))}`);
  };
  return {
    event: (event) => {
      if (event.type === "recalled") return;
      const { display } = event;
      if (event.type === "started") {
        running.set(display, running.get(display) ?? 0);
        current = nameOf(display);
      } else if (event.type === "progress") {
        running.set(display, event.total > 0 ? event.done / event.total : 0);
        current = `${nameOf(display)} ${event.done}/${event.total}`;
      }
      for (const remark of remarksOf(event))
        output.write(`\r\u001b[K${yellow(`${nameOf(display)}: ${printable(remark)}`)}\n`);
      if (["finished", "cached", "blocked"].includes(event.type) && event.node === display) {
        running.delete(display);
        over.add(display);
      }
      draw();
    },
    end: () => void output.write("\r\u001b[K"),
  };
}

/** A line when a node is over, for logs. */
function plainReporter({ nameOf }: Watched, output: Output): Reporter {
  const started = new Map<string, number>();
  return {
    event: (event) => {
      if (event.type === "recalled") return;
      const { node, display } = event;
      if (event.type === "started") started.set(node, performance.now());
      for (const remark of remarksOf(event)) output.write(`${nameOf(display)}: ${printable(remark)}\n`);
      if (node !== display) return;
      if (event.type === "cached") output.write(`${nameOf(node)}: cached\n`);
      if (event.type === "finished")
        output.write(`${nameOf(node)}: ${seconds(performance.now() - (started.get(node) ?? 0))}\n`);
    },
    end: () => {},
  };
}

/** Every event as a line of JSON, on standard output. The bytes of previews are left out. */
const jsonReporter = (output: Output): Reporter => ({
  event: (event) => {
    if (event.type !== "preview") output.write(`${stringifyJson(event)}\n`);
  },
  end: () => {},
});

/** JSON lines if asked for; else a bar on a terminal and plain lines elsewhere, on standard error. */
export function reporter(watched: Watched, json: boolean): Reporter {
  if (json) return jsonReporter(process.stdout);
  const { stderr } = process;
  return stderr.isTTY && process.env.TERM !== "dumb"
    ? terminalReporter(watched, stderr, palette(stderr))
    : plainReporter(watched, stderr);
}
