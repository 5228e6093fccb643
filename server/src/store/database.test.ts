import { readFileSync, statSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { spec } from "../jobs/queue.conformance.js";
import { type Bind, openDatabase, UnstorableValue } from "./database.js";
import { openStore } from "./open-store.js";

async function folder(): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), "database-"));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

test("what would abort the process or come back changed is refused", async () => {
  const database = openDatabase(join(await folder(), "a.db"), { migrations: ["CREATE TABLE t (v ANY) STRICT"] });
  const hostile = [
    undefined,
    {},
    [],
    1n,
    Number.NaN,
    Number.POSITIVE_INFINITY,
    true,
    Symbol("s"),
    "a\0b",
    "\udc00",
    () => 1,
  ];
  for (const value of hostile) {
    expect(() => database.run("INSERT INTO t VALUES (?)", value as unknown as Bind)).toThrow(UnstorableValue);
  }
  for (const value of ["", "💡", -1.5, null]) database.run("INSERT INTO t VALUES (?)", value);
  expect(database.all<{ v: unknown }>("SELECT v FROM t").map(({ v }) => v)).toEqual(["", "💡", -1.5, null]);
  database.close();
  expect(() => database.all("SELECT 1")).toThrow("the database is closed");
});

test("a transaction that throws leaves nothing, and says its own error", async () => {
  const database = openDatabase(join(await folder(), "a.db"), { migrations: ["CREATE TABLE t (v TEXT)"] });
  const work = (): never => {
    database.run("INSERT INTO t VALUES (?)", "x");
    throw new Error("mine");
  };
  expect(() => database.atomically(work)).toThrow("mine");
  expect(database.all("SELECT * FROM t")).toEqual([]);
  database.close();
});

test("a file of a newer program, and one that is no database, are left alone and named", async () => {
  const path = join(await folder(), "a.db");
  openDatabase(path, { migrations: ["CREATE TABLE a (x)", "CREATE TABLE b (x)"] }).close();
  expect(() => openDatabase(path, { migrations: ["CREATE TABLE a (x)"] })).toThrow(/a\.db.*version 2.*newer/);
  const again = openDatabase(path, { migrations: ["CREATE TABLE a (x)", "CREATE TABLE b (x)", "CREATE TABLE c (x)"] });
  expect(again.all("SELECT * FROM c")).toEqual([]);
  again.close();

  writeFileSync(path, "no database".repeat(100));
  expect(() => openDatabase(path, { migrations: [] })).toThrow(/a\.db.*move the file away/);
  expect(readFileSync(path, "utf8")).toBe("no database".repeat(100));
});

test.skipIf(process.platform === "win32")("only its owner can read what is kept", async () => {
  const data = join(await folder(), "data");
  const { queue, close } = await openStore(data);
  await queue.add(spec());
  expect(statSync(data).mode & 0o077).toBe(0);
  for (const file of ["jobs.db", "jobs.db-wal", "lock.db", "server.json"]) {
    expect(statSync(join(data, file)).mode & 0o077).toBe(0);
  }
  await close();
});
