import { spawnSync } from "node:child_process";
import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mezzotint, root, temporaryFolder } from "../command.js";

const bash = spawnSync("bash", ["--version"]).status === 0;

/** What bash offers for a line, by the script that `completion bash` prints; the last word is being typed. */
async function offers(...words: string[]): Promise<readonly string[]> {
  const { stdout: script } = await mezzotint(["completion", "bash"]);
  const folder = temporaryFolder();
  const command = join(folder, "mezzotint");
  writeFileSync(command, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "server/bin/mezzotint.js")}" "$@"\n`);
  chmodSync(command, 0o755);
  writeFileSync(join(folder, "script"), script);
  // What bash itself does on a tab: the function that is registered for the command fills COMPREPLY.
  const ask = `
    source "$1/script"; shift
    COMP_WORDS=("$@"); COMP_CWORD=$(( $# - 1 )); COMP_LINE="$*"; COMP_POINT=\${#COMP_LINE}
    registered=$(complete -p mezzotint); [[ $registered =~ -F\\ ([^ ]+) ]]
    "\${BASH_REMATCH[1]}" mezzotint "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}" 2> /dev/null
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const env = { ...process.env, PATH: `${folder}:${process.env.PATH}` };
  const { stdout } = spawnSync("bash", ["--norc", "-c", ask, "bash", folder, "mezzotint", ...words], { env });
  return String(stdout)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

describe.skipIf(!bash)("bash completes", () => {
  test("commands", async () => {
    expect(await offers("")).toEqual(expect.arrayContaining(["run", "validate", "convert", "import", "doctor"]));
    expect(await offers("con")).toEqual(["convert"]);
  });

  test("the options of a command, and not those of another", async () => {
    const options = await offers("convert", "--");
    expect(options).toEqual(expect.arrayContaining(["--into", "--output", "--json", "--no-dynamic-prompts"]));
    expect(options).not.toContain("--timings");
  });

  test("the choices of an option", async () => {
    expect((await offers("run", "--embedded", "")).toSorted()).toEqual(["prompt", "workflow"]);
  });

  test("nothing of its own where a file is wanted, which leaves files to bash", async () => {
    expect(await offers("run", "./")).toEqual([]);
  });
});

test("a shell that is not known is refused, with those that are", async () => {
  const { code, stderr } = await mezzotint(["completion", "tcsh"]);
  expect(code).not.toBe(0);
  for (const shell of ["bash", "zsh", "fish"]) expect(stderr).toContain(shell);
});
