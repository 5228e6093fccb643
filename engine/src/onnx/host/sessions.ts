import { env, InferenceSession } from "onnxruntime-node";
import { CompiledCache, compiledKey } from "./compiled-cache.js";
import type { HostConfig, SessionHeader } from "./messages.js";

type Options = InferenceSession.SessionOptions;

/**
 * A model with fewer bytes of weights is compiled each time. Measured: 50 MB take 0.4 CPU-s to compile and 0.15 to load
 * compiled; below that, the files cost more than they save.
 */
const CACHE_FROM = 32e6;

const PROVIDER = "cpu";

/**
 * Threads that wait for the next run would keep the cores from whoever prepares it. Measured on two busy cores with the
 * embedded model: a step's own cost 3.4 → 1.9 ms (p25), the whole step 69 → 56 ms (p10).
 */
const CALM = { force_spinning_stop: "1" };

/** A graph's weights are located relative to the root folder. */
const WEIGHTS_ANYWHERE = { model_external_initializers_file_folder_path: "/" };

/** The open sessions: at most one of a key, and the least recently used give way to the memory budget. */
export class Sessions {
  readonly #config: HostConfig;
  readonly #cache: CompiledCache | undefined;
  /** In order of use. */
  readonly #open = new Map<string, { readonly session: InferenceSession; readonly bytes: number }>();

  constructor(config: HostConfig) {
    this.#config = config;
    this.#cache = config.cache && new CompiledCache(config.cache);
  }

  /**
   * The session of a key, now the most recently used; opened if need be, from the compiled cache if that can be. Gives
   * undefined when that needs the model and none is given.
   */
  async open(
    header: SessionHeader,
    model?: Uint8Array,
  ): Promise<{ readonly session: InferenceSession; readonly log?: string } | undefined> {
    const { key, name, bytes } = header;
    const entry = this.#open.get(key);
    if (entry) {
      this.#open.delete(key);
      this.#open.set(key, entry);
      return { session: entry.session };
    }
    const start = performance.now();
    const made = await this.#create(header, model);
    if (!made) return undefined;
    this.#open.set(key, { session: made.session, bytes });
    const ms = Math.round(performance.now() - start);
    const log = `${name}: ${made.how} in ${ms} ms; ${this.#open.size} sessions hold ${this.#bytes()} bytes`;
    return { session: made.session, log };
  }

  /** Closes every session. */
  async clear(): Promise<void> {
    for (const key of [...this.#open.keys()]) await this.#close(key);
  }

  /**
   * A first-time user pays once: the session that is compiled writes the cache on its way, is closed, and is opened
   * again from the files. Measured for 860 M parameters in fp16: compiling takes 17 CPU-s, compiling and writing 32,
   * opening 2. Writing afterwards would compile a second time, and until then hold private copies of all weights
   * (3.3 GB; 30 MB when they are mapped).
   */
  async #create(
    { key, bytes }: SessionHeader,
    model: Uint8Array | undefined,
  ): Promise<{ session: InferenceSession; how: string } | undefined> {
    const cache = bytes >= CACHE_FROM ? this.#cache : undefined;
    const name = compiledKey(key, env.versions.node ?? "", PROVIDER);
    const load = async (path: string | undefined) => {
      if (path === undefined) return undefined;
      await this.#makeRoom(bytes);
      return InferenceSession.create(path, { ...this.#options({}), graphOptimizationLevel: "disabled" }).catch(
        async (error: Error) => {
          process.stderr.write(`a compiled model cannot be loaded and is removed: ${error.message}\n`);
          await cache?.remove(name).catch(() => {});
          return undefined;
        },
      );
    };
    const found = await load((await cache?.find(name))?.model);
    if (found) return { session: found, how: "loaded compiled" };
    if (!model) return undefined;
    await this.#makeRoom(bytes);
    const written = await cache
      ?.add(name, bytes, async (files) => {
        const extra = {
          ...WEIGHTS_ANYWHERE,
          optimized_model_external_initializers_file_name: files.weights,
          save_external_prepacked_constant_initializers: "1",
        };
        const options = { ...this.#options(extra), optimizedModelFilePath: files.model };
        const session = await InferenceSession.create(model, options);
        await session.release();
      })
      .catch((error: Error) => void process.stderr.write(`the compiled cache cannot be written: ${error.message}\n`));
    const compiled = await load(written?.model);
    if (compiled) return { session: compiled, how: "compiled, written to the cache and loaded" };
    return { session: await InferenceSession.create(model, this.#options()), how: "compiled" };
  }

  #options(extra: Readonly<Record<string, string>> = WEIGHTS_ANYWHERE): Options {
    return {
      executionProviders: [PROVIDER],
      intraOpNumThreads: this.#config.threads,
      graphOptimizationLevel: "all",
      logSeverityLevel: 3,
      extra: { session: { ...extra, ...CALM } },
    };
  }

  #bytes(): number {
    return Array.from(this.#open.values(), ({ bytes }) => bytes).reduce((sum, bytes) => sum + bytes, 0);
  }

  async #makeRoom(bytes: number): Promise<void> {
    for (const key of [...this.#open.keys()]) {
      if (this.#bytes() + bytes <= this.#config.memoryBudget) return;
      await this.#close(key);
    }
  }

  async #close(key: string): Promise<void> {
    const entry = this.#open.get(key);
    this.#open.delete(key);
    await entry?.session.release();
  }
}
