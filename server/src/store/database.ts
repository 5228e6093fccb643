import { closeSync, openSync } from "node:fs";
import Libsql from "libsql";
import { wellFormed } from "./well-formed.js";

/** What may stand for a `?`. The native binding aborts the process on anything else. */
export type Bind = string | number | null | Buffer;

/**
 * One SQLite file. Everything is synchronous: a statement takes microseconds, and nothing can come between the statements of a
 * transaction. Errors are DatabaseErrors.
 */
export interface Database {
  /** All rows of a query, or what RETURNING says. Statements are prepared once, so texts must not be made of values. */
  readonly all: <Row>(sql: string, ...binds: readonly Bind[]) => Row[];
  /** Runs one statement; how many rows it changed. */
  readonly run: (sql: string, ...binds: readonly Bind[]) => number;
  /** Runs a script of statements without values. */
  readonly script: (sql: string) => void;
  /** All of `work` or nothing of it: what it throws undoes what it did. Not nested; `work` is synchronous. */
  readonly atomically: <T>(work: () => T) => T;
  readonly close: () => void;
}

/** What SQLite said. `diskFull`: there is no room, nothing is damaged, and it works again when there is. */
class DatabaseError extends Error {
  override readonly name = "DatabaseError";
  /** Such as `SQLITE_FULL`. */
  readonly code: string;
  readonly diskFull: boolean;

  constructor(path: string, cause: unknown) {
    const { code = "SQLITE_ERROR", message } = cause as { code?: string; message?: string };
    const diskFull = code === "SQLITE_FULL" || code === "SQLITE_IOERR_WRITE";
    const wayOut = diskFull
      ? "; free some space, nothing is damaged"
      : code === "SQLITE_NOTADB" || code.startsWith("SQLITE_CORRUPT")
        ? "; move the file away, and a new one is made"
        : "";
    super(`${path}: ${message ?? String(cause)} (${code})${wayOut}`, { cause });
    this.code = code;
    this.diskFull = diskFull;
  }
}

/** A value that SQLite would not give back as it was. */
export class UnstorableValue extends TypeError {
  override readonly name = "UnstorableValue";
}

/**
 * Opens a file, making it (readable by its owner only) when it isn't there, and brings its tables up to date.
 * A commit survives the death of this process; with `durable` it survives a power cut too, at the price of a disk flush each.
 */
export function openDatabase(
  path: string,
  { migrations, durable = false }: { readonly migrations: readonly string[]; readonly durable?: boolean },
): Database {
  closeSync(openSync(path, "a", 0o600));
  const connection = connect(path);
  const statements = new Map<string, Libsql.Statement<unknown[]>>();

  const guarded = <T>(work: () => T): T => {
    if (!connection.open) throw new DatabaseError(path, { code: "SQLITE_MISUSE", message: "the database is closed" });
    try {
      return work();
    } catch (error) {
      throw new DatabaseError(path, error);
    }
  };
  const prepared = (sql: string) => {
    let statement = statements.get(sql);
    if (statement === undefined) {
      statement = connection.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const script = (sql: string): void => guarded(() => void connection.exec(sql));

  const database: Database = {
    all: <Row>(sql: string, ...binds: readonly Bind[]) => {
      binds.forEach(check);
      // `get` of this binding leaves its statement open; reading to the end closes it.
      return guarded(() => prepared(sql).all([...binds]) as Row[]);
    },
    run: (sql, ...binds) => {
      binds.forEach(check);
      return guarded(() => prepared(sql).run([...binds]).changes);
    },
    script,
    atomically: (work) => {
      script("BEGIN IMMEDIATE");
      try {
        const result = work();
        script("COMMIT");
        return result;
      } catch (error) {
        try {
          script("ROLLBACK");
        } catch {
          // A full disk has rolled back already; the first error is the one to tell.
        }
        throw error;
      }
    },
    close: () => {
      if (!connection.open) return;
      statements.clear();
      try {
        script("PRAGMA wal_checkpoint(TRUNCATE)");
      } finally {
        connection.close();
      }
    },
  };
  try {
    prepare(database, path, migrations, durable);
  } catch (error) {
    connection.close();
    throw error;
  }
  return database;
}

/** Takes a file for this process alone until `release`; undefined when another process has it. The lock ends with its process. */
export function takeFile(path: string): { readonly release: () => void } | undefined {
  closeSync(openSync(path, "a", 0o600));
  const connection = connect(path);
  try {
    connection.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    connection.close();
    if ((error as { code?: string }).code === "SQLITE_BUSY") return undefined;
    throw new DatabaseError(path, error);
  }
  return {
    release: () => {
      if (!connection.open) return;
      connection.exec("ROLLBACK");
      connection.close();
    },
  };
}

function connect(path: string): Libsql.Database {
  try {
    return new Libsql(path);
  } catch (error) {
    throw new DatabaseError(path, error);
  }
}

/** Settings of the connection, then the tables: `user_version` counts the migrations that a file has had. */
function prepare(database: Database, path: string, migrations: readonly string[], durable: boolean): void {
  const { all, script, atomically } = database;
  const [mode] = all<{ journal_mode: string }>("PRAGMA journal_mode = WAL");
  if (mode?.journal_mode !== "wal") {
    const message = "no write-ahead log can be kept here; choose a folder on a local disk";
    throw new DatabaseError(path, { code: "SQLITE_CANTOPEN", message });
  }
  script(`PRAGMA synchronous = ${durable ? "FULL" : "NORMAL"}`);
  script("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY");
  all("PRAGMA journal_size_limit = 67108864");

  const version = all<{ user_version: number }>("PRAGMA user_version")[0]!.user_version;
  if (version > migrations.length) {
    const message = `it is of version ${version}, and this program knows ${migrations.length}: a newer one made it; use that one, or another data directory`;
    throw new DatabaseError(path, { code: "SQLITE_SCHEMA", message });
  }
  for (const [index, sql] of migrations.entries()) {
    if (index < version) continue;
    atomically(() => script(`${sql};\nPRAGMA user_version = ${index + 1}`));
  }
}

/** Refuses what would abort the process (undefined, objects, bigints) or come back cut short or changed (NUL, half characters). */
function check(value: unknown, index: number): void {
  if (typeof value === "string") {
    if (wellFormed(value) && !value.includes("\0")) return;
    throw new UnstorableValue(`value ${index + 1} is a text with a NUL or half a character in it: ${quoted(value)}`);
  }
  if (value === null || Buffer.isBuffer(value) || Number.isFinite(value)) return;
  throw new UnstorableValue(
    `value ${index + 1} is ${String(value)}; texts, finite numbers, null and bytes can be kept`,
  );
}

const quoted = (text: string): string => JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
