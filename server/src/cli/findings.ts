import type { Finding } from "@mezzotint/engine/workflow";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

const MOST = 40;

const placeOf = ({ node, input }: Finding): string =>
  node === undefined ? "" : `node ${printable(node)}${input === undefined ? "" : `, ${printable(input)}`}: `;

/** Tells what a conversion found, on standard error: what it could not know first, then, if asked, what it decided. */
export function printFindings(findings: readonly Finding[], { notes }: { readonly notes: boolean }): void {
  const { red, yellow, dim } = palette(process.stderr);
  const colours = { error: red, warning: yellow, note: dim };
  const order = ["error", "warning", ...(notes ? ["note"] : [])] as const;
  const told = order.flatMap((severity) => findings.filter((finding) => finding.severity === severity));
  for (const finding of told.slice(0, MOST)) {
    const colour = colours[finding.severity];
    console.error(`${colour(`${finding.severity}:`)} ${placeOf(finding)}${printable(finding.message)}`);
  }
  if (told.length > MOST) console.error(dim(`… and ${told.length - MOST} more`));
}
