import type { RunContext } from "@mezzotint/engine";
import { expect, test } from "vitest";
import { stringReplace } from "./replace.js";

test.each([
  ["a.b.c", ".", "$&", "a$&b$&c"],
  ["aaa", "aa", "b", "ba"],
  ["ab", "", "-", "-a-b-"],
  ["🎨", "", "-", "-🎨-"],
  ["", "", "x", "x"],
  ["", "a", "x", ""],
])("in %j, %j becomes %j: %j", (string, find, replace, want) => {
  expect(stringReplace.run({ string, find, replace }, {} as RunContext)).toEqual({ STRING: want });
});
