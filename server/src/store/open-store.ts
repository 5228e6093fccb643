import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Assets } from "../assets/asset.js";
import type { Queue, Records } from "../jobs/queue.js";
import type { Webhooks } from "../webhooks/webhook.js";
import { type Database, openDatabase } from "./database.js";
import { lockFolder } from "./lock.js";
import { MIGRATIONS } from "./schema.js";
import { sqliteAssets } from "./sqlite-assets.js";
import { type QueueLimits, recover, sqliteQueue } from "./sqlite-queue.js";
import { sqliteRecords } from "./sqlite-records.js";
import { sqliteWebhooks } from "./sqlite-webhooks.js";
import { openWriter } from "./writer.js";

/** What a store keeps, and how safely. */
export interface StoreOptions {
  /** Whether what was accepted survives a power cut too, not only the death of the process. */
  readonly durable?: boolean;
  /** Jobs that may wait; 10,000 by default. */
  readonly maxQueued?: number;
  /** Bytes of prompts and workflows that may wait; 512 MiB by default. */
  readonly maxQueuedBytes?: number;
}

/** An open store. */
export interface Store {
  readonly queue: Queue;
  readonly records: Records;
  readonly assets: Assets;
  readonly webhooks: Webhooks;
  /** Jobs that ran when the last server stopped, and wait again. */
  readonly recovered: number;
  /** Commits what waits, and gives the folder free. */
  readonly close: () => Promise<void>;
}

/**
 * Opens the jobs of a folder, `jobs.db` in it, for this process alone; makes them when there are none. Jobs that ran when the last
 * server stopped go back to their places. Fails when another server has the folder, or the file can't be read.
 */
export async function openStore(folder: string, options: StoreOptions = {}): Promise<Store> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const lock = lockFolder(folder);
  try {
    const { durable = false } = options;
    const database = openDatabase(join(folder, "jobs.db"), { migrations: MIGRATIONS, durable });
    const store = await storeOn(database, options);
    return {
      ...store,
      close: async () => {
        try {
          await store.close();
        } finally {
          lock.release();
        }
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** The store on a database that is open, and that nobody else uses. */
export async function storeOn(database: Database, options: StoreOptions): Promise<Store> {
  const limits: QueueLimits = {
    maxQueued: options.maxQueued ?? 10_000,
    maxQueuedBytes: options.maxQueuedBytes ?? 512 * 2 ** 20,
  };
  try {
    const writer = openWriter(database);
    const recovered = await writer.write((ledger) => recover(database, ledger));
    return {
      queue: sqliteQueue(database, writer, limits),
      records: sqliteRecords(database, writer),
      assets: sqliteAssets(database, writer),
      webhooks: sqliteWebhooks(database, writer),
      recovered,
      close: async () => {
        writer.close();
        database.close();
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
