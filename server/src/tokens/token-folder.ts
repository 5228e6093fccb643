import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { replaceFile } from "../files/replace.js";
import { idIn, isToken, mint, TokenRecord, type TokenWish } from "./token.js";

/** The tokens of a data directory. */
export interface Tokens {
  /** Whether there is any, good or expired: then nobody gets in without one. */
  readonly any: () => boolean;
  /** The record of a token that is good now. */
  readonly find: (text: string) => TokenRecord | undefined;
  /** All, the oldest first. */
  readonly list: () => readonly TokenRecord[];
  /** Makes one; `text` is shown to its owner, and kept nowhere. */
  readonly create: (wish: TokenWish) => Promise<{ readonly text: string; readonly record: TokenRecord }>;
  /** False when there is none of this id. */
  readonly revoke: (id: string) => Promise<boolean>;
}

/** A folder that changed this many milliseconds before it was read may change again within the same tick of its clock. */
const SETTLED = 2000;

/**
 * Tokens are one file each, `tokens/<id>.json`, so that a command and a server that runs need no lock between them: making
 * one adds a file, revoking removes it, and whoever asks next sees it.
 */
export function openTokens(data: string): Tokens {
  const folder = join(data, "tokens");
  let known: ReadonlyMap<string, TokenRecord> = new Map();
  let seen: { readonly mtimeMs: number; readonly at: number } | undefined;

  const current = (): ReadonlyMap<string, TokenRecord> => {
    const mtimeMs = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? 0;
    if (seen?.mtimeMs !== mtimeMs || seen.at - mtimeMs < SETTLED) {
      seen = { mtimeMs, at: Date.now() };
      known = mtimeMs === 0 ? new Map() : readAll(folder);
    }
    return known;
  };
  return {
    any: () => current().size > 0,
    find: (text) => {
      const record = current().get(idIn(text) ?? "");
      return record && isToken(text, record) ? record : undefined;
    },
    list: () => [...current().values()].sort((a, b) => a.createdAt - b.createdAt),
    create: async (wish) => {
      const made = mint(wish);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await replaceFile(join(folder, `${made.record.id}.json`), `${JSON.stringify(made.record, undefined, 2)}\n`);
      return made;
    },
    revoke: async (id) => {
      if (!current().has(id)) return false;
      await rm(join(folder, `${id}.json`), { force: true });
      return true;
    },
  };
}

/** A file that cannot be read is a token that nobody has: it opens nothing, and it keeps the door shut. */
function readAll(folder: string): Map<string, TokenRecord> {
  const names = readdirSync(folder).filter((name) => /^[0-9a-f]{12}\.json$/.test(name));
  return new Map(
    names.map((name) => {
      const id = name.slice(0, 12);
      return [id, readOne(join(folder, name), id)];
    }),
  );
}

function readOne(path: string, id: string): TokenRecord {
  try {
    const record = TokenRecord.parse(JSON.parse(readFileSync(path, "utf8")));
    if (record.id === id) return record;
  } catch {
    // As below.
  }
  return {
    id,
    sha256: "0".repeat(64),
    user: "default",
    scope: "read",
    label: "unreadable",
    createdAt: 0,
    expiresAt: 0,
  };
}
