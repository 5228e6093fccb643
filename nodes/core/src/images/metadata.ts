import { type Prompt, stringifyJson } from "@mezzotint/engine";

/**
 * JSON in ASCII only, with bigints as plain integers. ASCII because readers of tEXt chunks disagree on whether it is
 * Latin-1 or UTF-8; ComfyUI writes the same.
 */
const asciiJson = (value: unknown): string =>
  stringifyJson(value).replaceAll(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** What ComfyUI stores in a PNG: the prompt, and each entry of what the editor asked to keep (`workflow`). */
export const pictureTexts = (
  prompt: Prompt | undefined,
  extra: Readonly<Record<string, unknown>> | undefined,
): [key: string, text: string][] => [
  ...(prompt === undefined ? [] : [["prompt", asciiJson(prompt)] as [string, string]]),
  ...Object.entries(extra ?? {}).map(([key, value]): [string, string] => [key, asciiJson(value)]),
];
