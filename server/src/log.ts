import { Writable } from "node:stream";
import type { Logger } from "pino";
import { printable } from "./cli/printable.js";

/** A line of the log as ComfyUI's console shows it. */
export interface LogEntry {
  /** ISO time. */
  readonly t: string;
  readonly m: string;
}

/** The server's log. */
export interface Log {
  readonly info: (fields: object, message: string) => void;
  readonly warn: (fields: object, message: string) => void;
  readonly error: (fields: object, message: string) => void;
  /** The last lines, oldest first. */
  readonly recent: () => readonly LogEntry[];
  /** Calls back for every line from now on; returns how to stop. */
  readonly onLine: (listener: (entry: LogEntry) => void) => () => void;
}

const KEPT = 300;

/** Whatever has such a name is a secret, wherever in a line's fields it stands (two levels are all that we log). */
const SECRETS = ["authorization", "cookie", "token", "password", "api_key_comfy_org", "auth_token_comfy_org"];

/**
 * Opens a log of JSON lines (pino), or of plain ones for a terminal. The library is loaded with the first line, so that
 * a start pays nothing for it; lines keep their order and their time.
 */
export function openLog({ terminal }: { readonly terminal: boolean }): Log {
  const kept: LogEntry[] = [];
  const listeners = new Set<(entry: LogEntry) => void>();
  const lines = new Writable({
    decodeStrings: false,
    write(line: string, _encoding, done) {
      const { time, level, msg, err } = JSON.parse(line);
      const reason = err?.message === undefined ? "" : `: ${err.message}`;
      const entry = { t: new Date(time).toISOString(), m: `${printable(`${msg}${reason}`)}\n` };
      kept.push(entry);
      if (kept.length > KEPT) kept.shift();
      for (const listener of listeners) listener(entry);
      // A terminal wants the sentence; what collects logs wants all of it.
      process.stderr.write(terminal ? `${level >= 40 ? "! " : ""}${entry.m}${stackOf(err)}` : line);
      done();
    },
  });
  let opened: Promise<Logger> | undefined;
  const write = (level: "info" | "warn" | "error") => (fields: object, message: string) => {
    const time = Date.now();
    opened ??= import("pino").then(({ pino }) =>
      pino({ base: null, timestamp: false, redact: SECRETS.flatMap((name) => [name, `*.${name}`]) }, lines),
    );
    void opened.then((logger) => logger[level]({ time, ...fields }, message));
  };
  return {
    info: write("info"),
    warn: write("warn"),
    error: write("error"),
    recent: () => kept,
    onLine: (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const stackOf = (err: { readonly stack?: string } | undefined): string =>
  err?.stack === undefined ? "" : `${err.stack.split("\n").slice(1).join("\n")}\n`;
