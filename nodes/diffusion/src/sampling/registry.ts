/** Who adds something: a pack, by what `definePack` takes. */
export interface Adder {
  readonly name: string;
  readonly version: string;
}

interface Entry<T> {
  readonly value: T;
  /** The pack that added it; absent: our own. */
  readonly by?: Adder;
}

/** Things of one kind by the names that workflows use: our own, then what packs added, in the order of their loading. */
export class Registry<T> {
  readonly #kind: string;
  readonly #entries: Map<string, Entry<T>>;

  constructor(kind: string, own: Readonly<Record<string, T>>) {
    this.#kind = kind;
    this.#entries = new Map(Object.entries(own).map(([name, value]) => [name, { value }]));
  }

  /** Every name, as editors list them. */
  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  /** What a name stands for. Throws, listing what packs added, when nothing does. */
  get(name: string): T {
    const entry = this.#entries.get(name);
    if (entry) return entry.value;
    const added = this.#added().map(([other]) => other);
    throw new Error(`there is no ${this.#kind} "${name}"; packs that are loaded add ${added.join(", ") || "none"}`);
  }

  /** Adds one under a name that is free. Throws, naming both packs, when it is not. */
  add(name: string, value: T, by: Adder): void {
    if (typeof by?.name !== "string" || typeof by.version !== "string") {
      throw new TypeError(`the ${this.#kind} "${name}" needs the pack that adds it: { name, version }`);
    }
    if (typeof name !== "string" || !/^[^\s\p{C}]+$/u.test(name)) {
      throw new TypeError(`the pack ${by.name} adds a ${this.#kind} named "${name}": a name without spaces is needed`);
    }
    const there = this.#entries.get(name);
    if (there) {
      const owner = there.by?.name ?? "@mezzotint/nodes-diffusion";
      throw new Error(`the packs ${owner} and ${by.name} both bring a ${this.#kind} named ${name}`);
    }
    this.#entries.set(name, { value, by });
  }

  /**
   * Part of the cache key of a node that takes a name. Of one of our own it says nothing, because the node's version
   * does; else which pack it is of; of a name that is not known yet, because a link brings it, all that packs added.
   */
  version(name: string | undefined): string {
    const named = this.#added().filter(([other]) => name === undefined || other === name);
    return named.map(([other, { by }]) => JSON.stringify([other, by?.name, by?.version])).join();
  }

  #added(): [string, Entry<T>][] {
    return [...this.#entries].filter(([, { by }]) => by !== undefined);
  }
}
