import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { elements, type Tensor } from "@mezzotint/engine";
import { type Feeds, type InferenceHost, type SessionSpec, startInference } from "@mezzotint/engine/onnx";
import { afterAll, beforeAll } from "vitest";
import { numbers } from "./random-weights.js";

/** An inference host and an empty folder for one test file. */
export interface TestHost {
  readonly inference: () => InferenceHost;
  readonly path: (...names: string[]) => string;
  readonly run: (session: Promise<SessionSpec>, feeds: Feeds) => Promise<Readonly<Record<string, Tensor>>>;
}

/** Starts a host before a file's tests and ends it after them. */
export function testHost(): TestHost {
  let folder = "";
  let host: InferenceHost | undefined;
  const inference = () => (host ??= startInference({ threads: 1 }));
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "mezzotint-models-"));
  });
  afterAll(async () => {
    await host?.close();
    await rm(folder, { recursive: true, force: true });
  });
  return {
    inference,
    path: (...names) => join(folder, ...names),
    run: async (session, feeds) => (await inference().run(await session, feeds)).outputs,
  };
}

/** A reproducible tensor of numbers in (-1, 1). */
export const random = (dims: readonly number[], seed: number): Tensor => ({
  dims,
  data: numbers(elements(dims), seed),
});

/** The largest difference between two tensors of one shape. */
export function difference(a: Tensor | undefined, b: Tensor | undefined): number {
  if (!a || !b || a.dims.join() !== b.dims.join()) throw new Error(`shapes [${a?.dims}] and [${b?.dims}] differ`);
  return a.data.reduce((worst, x, i) => Math.max(worst, Math.abs(x - b.data[i]!)), 0);
}
