/** What is shown by a job that ends sooner is kept with its end, in one transaction. */
const DELAY = 250;

/** Gathers which nodes of a run showed something, to keep it some time later. */
export class ShownLater {
  readonly #keep: (nodes: readonly string[]) => void;
  #nodes = new Set<string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(keep: (nodes: readonly string[]) => void) {
    this.#keep = keep;
  }

  add(node: string): void {
    this.#nodes.add(node);
    this.#timer ??= setTimeout(() => {
      const nodes = [...this.#nodes];
      this.#nodes = new Set();
      this.#timer = undefined;
      this.#keep(nodes);
    }, DELAY);
  }

  /** Keeps nothing more: the run is over. */
  stop(): void {
    clearTimeout(this.#timer);
  }
}
