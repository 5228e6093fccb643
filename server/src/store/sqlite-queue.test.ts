import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { conforms } from "../jobs/queue.conformance.js";
import { openStore } from "./open-store.js";

for (const durable of [false, true]) {
  conforms(durable ? "SQLite, durable" : "SQLite", async () => {
    const folder = await mkdtemp(join(tmpdir(), "store-"));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    return { open: (limits) => openStore(folder, { durable, ...limits }) };
  });
}
