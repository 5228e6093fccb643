import { type Definitions, nameOf, type Prompt } from "@mezzotint/engine";
import type { Finding } from "@mezzotint/engine/workflow";
import { Failure } from "../failure.js";
import { inputOf, isCall } from "../workflows/node-inputs.js";
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

const LONGEST = 200;

const note = (message: string): Finding => ({ severity: "note", code: "dynamic-prompt", message });

/** What the dynamic prompts of a saved workflow became, as notes: the first 200 characters of each text. */
export function chosenTexts(findings: readonly Finding[], prompt: Prompt): readonly Finding[] {
  return findings.flatMap(({ severity, code, node = "", input = "" }) => {
    const call = Object.hasOwn(prompt, node) ? prompt[node] : undefined;
    const text = call?.inputs?.[input];
    if (severity !== "note" || code !== "dynamic-prompt" || typeof text !== "string") return [];
    const start = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
    return note(`${nameOf(node, call!)}, input ${input}: the text chosen is ${JSON.stringify(start)}`);
  });
}

/**
 * Notes on texts with choices that stay as they are, because a prompt in API form has made its choices. Texts that
 * `before` holds too have been looked at already.
 */
export function literalTexts(prompt: Prompt, definitions: Definitions, before: Prompt): readonly Finding[] {
  return Object.entries(prompt).flatMap(([id, call]) => {
    const definition = isCall(call) ? definitions.get(call.class_type) : undefined;
    if (!definition) return [];
    return Object.entries(call.inputs).flatMap(([name, text]) => {
      const dynamic = typeof text === "string" && inputOf(call, definition, name)?.options?.dynamicPrompts;
      const choice = dynamic ? /(?<!\\)\{[^{}|]{0,1000}\|[^{}]{0,1000}\}/.exec(text)?.[0] : undefined;
      if (choice === undefined || before[id]?.inputs?.[name] === text) return [];
      const place = `${nameOf(id, call)}, input ${name}`;
      const start = choice.length > 60 ? `${choice.slice(0, 60)}…` : choice;
      return note(
        `${place}: ${start} is taken literally: only texts of a saved workflow are chosen from, not those in API form or of --set`,
      );
    });
  });
}
