import type { Finding } from "@mezzotint/engine/workflow";
import { Failure } from "../failure.js";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

const MOST = 40;

/** Tells what a conversion found, on standard error, what weighs most first. */
export function printFindings(findings: readonly Finding[]): void {
  const { red, yellow, dim } = palette(process.stderr);
  const colours = { error: red, warning: yellow, note: dim };
  const order = ["error", "warning", "note"] as const;
  const told = order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  for (const finding of told.slice(0, MOST)) {
    const colour = colours[finding.severity];
    console.error(`${colour(`${finding.severity}:`)} ${printable(finding.message)}`);
  }
  if (told.length > MOST) console.error(dim(`… and ${told.length - MOST} more`));
}

/**
 * What a conversion had to leave out, as the end of a command that needs all of it: what would run is not what was saved.
 * Nothing if nothing was.
 */
export function incomplete(findings: readonly Finding[], name: string): Failure | undefined {
  const errors = findings.filter(({ severity }) => severity === "error").map(({ message }) => printable(message));
  if (errors.length === 0) return undefined;
  const more = errors.length > MOST ? [`… and ${errors.length - MOST} more`] : [];
  const out = `mezzotint convert leaves out what cannot be converted; what it prints can be run`;
  return new Failure([`${name} cannot be converted whole`, ...errors.slice(0, MOST), ...more, out].join("\n  "));
}
