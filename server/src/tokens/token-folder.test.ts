import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openTokens } from "./token-folder.js";

let data: string;
beforeEach(() => {
  data = mkdtempSync(join(tmpdir(), "tokens-"));
});
afterEach(() => rmSync(data, { recursive: true, force: true }));

const wish = { user: "ann", scope: "run", label: "her laptop" } as const;

test("a token is found by whoever shows it, in this process and in others, until it is revoked", async () => {
  const [one, other] = [openTokens(data), openTokens(data)];
  expect(one.any()).toBe(false);
  const { text, record } = await one.create(wish);
  for (const tokens of [one, other]) {
    expect(tokens.any()).toBe(true);
    expect(tokens.find(text)).toMatchObject({ id: record.id, user: "ann", scope: "run" });
  }
  expect(await other.revoke(record.id)).toBe(true);
  expect(await other.revoke(record.id)).toBe(false);
  for (const tokens of [one, other]) expect(tokens.find(text)).toBeUndefined();
});

test("nothing on the disk is a token or leads to one", async () => {
  const { text } = await openTokens(data).create(wish);
  const secret = text.split("_")[2] as string;
  const files = readdirSync(join(data, "tokens"));
  expect(files).toHaveLength(1);
  expect(readFileSync(join(data, "tokens", files[0] as string), "utf8")).not.toContain(secret);
  expect(statSync(join(data, "tokens")).mode & 0o077).toBe(0);
});

test("what is nearly a token is none", async () => {
  const tokens = openTokens(data);
  const { text, record } = await tokens.create(wish);
  const last = text.endsWith("A") ? "B" : "A";
  for (const wrong of [
    "",
    text.slice(0, -1),
    `${text}A`,
    `${text.slice(0, -1)}${last}`,
    record.sha256,
    record.id,
    ` ${text}`,
  ])
    expect(tokens.find(wrong), wrong).toBeUndefined();
});

test("one that has expired opens nothing, and still keeps the door shut", async () => {
  const tokens = openTokens(data);
  const { text } = await tokens.create({ ...wish, expiresAt: Date.now() - 1 });
  expect(tokens.find(text)).toBeUndefined();
  expect(tokens.any()).toBe(true);
});

test("a record that was damaged opens nothing, and still keeps the door shut", async () => {
  const tokens = openTokens(data);
  const { text, record } = await tokens.create(wish);
  writeFileSync(join(data, "tokens", `${record.id}.json`), "{");
  expect(openTokens(data).find(text)).toBeUndefined();
  expect(openTokens(data).any()).toBe(true);
});

test("a record under another's name is nobody's", async () => {
  const tokens = openTokens(data);
  const { text, record } = await tokens.create(wish);
  const stolen = { ...record, scope: "admin" };
  const id = "0".repeat(12);
  writeFileSync(join(data, "tokens", `${id}.json`), JSON.stringify(stolen));
  expect(openTokens(data).find(text.replace(record.id, id))).toBeUndefined();
});
