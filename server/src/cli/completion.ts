import tab from "@bomb.sh/tab/commander";
import type { Command } from "commander";

/** Bash without the bash-completion package lacks the one function of it that the script calls. */
const BASH_SHIM = `declare -F _get_comp_words_by_ref > /dev/null || _get_comp_words_by_ref() {
    words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword - 1]}
}
`;

/**
 * Adds `completion SHELL`, which prints a script, and the hidden `complete`, which that script asks. The library knows
 * commands and options; where it finds nothing (a workflow, a folder) it would forbid the shell to offer files.
 */
export function addCompletion(program: Command): void {
  tab(program, { completionCommandName: "completion" });
  const print = console.log;
  let found = 0;
  console.log = (text: string) => {
    if (text.startsWith("# bash completion"))
      print(BASH_SHIM + text.replace(/^complete -F/m, "complete -o default -o bashdefault -F"));
    else if (text === ":4" && found === 0) print(":0");
    else print(text);
    found += 1;
  };
}
