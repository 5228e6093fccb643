import type { RunEvent } from "@mezzotint/engine";

/** Where the time of a run went. All times are milliseconds since the process started. */
export interface Stopwatch {
  readonly event: (event: RunEvent) => void;
  /** Everything before the run is over: packs are loaded, the workflow is checked. */
  readonly loaded: () => void;
  /** Prints a line for each node in the order of finishing, then loading and the total; on standard error. */
  readonly print: (nameOf: (id: string) => string, json: boolean) => void;
}

/** Starts to watch. A node's time is from its first start to its last end, with what it waited for meanwhile. */
export function stopwatch(): Stopwatch {
  const starts = new Map<string, number>();
  const spans = new Map<string, number>();
  let ready = 0;
  return {
    event: (event) => {
      if (event.type === "recalled") return;
      const { type, node, display } = event;
      // performance.now() counts from the start of the process.
      if (type === "started" && node === display) starts.set(node, performance.now());
      if ((type === "finished" || type === "cached") && node === display) {
        spans.set(node, performance.now() - (starts.get(node) ?? performance.now()));
      }
    },
    loaded: () => {
      ready = performance.now();
    },
    print: (nameOf, json) => {
      const total = performance.now();
      const rows = [...spans].map(([node, ms]) => ({ node, name: nameOf(node), ms: Math.round(ms) }));
      if (json) {
        console.log(
          JSON.stringify({ type: "timings", load_ms: Math.round(ready), total_ms: Math.round(total), nodes: rows }),
        );
        return;
      }
      const lines = [
        ["start and load", Math.round(ready)] as const,
        ...rows.map(({ name, ms }) => [name, ms] as const),
        ["total", Math.round(total)] as const,
      ];
      const width = Math.max(...lines.map(([name]) => name.length));
      for (const [name, ms] of lines) console.error(`${name.padEnd(width)}  ${String(ms).padStart(6)} ms`);
    },
  };
}
