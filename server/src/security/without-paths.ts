/**
 * Where an absolute path may begin: not inside a word, a relative path or an address of the web. A file's address
 * (`file:///…`) is a path too.
 */
const POSIX = /(?<![\w.~/:-])(?:file:\/\/)?\/(?:[^\s/"'`<>|:;,()]+\/)+/g;
const WINDOWS = /(?<!\w)(?:file:\/\/\/)?[A-Za-z]:[\\/](?:[^\s\\/"'`<>|:;,()]+[\\/])+/g;

/**
 * A text for clients: of absolute paths in it only the last name is left, as `…/input`. Where things are on the server's
 * disk, and who its account is, is not theirs to know. `folders` are taken out whole, even with spaces in their names.
 */
export function withoutPaths(text: string, folders: readonly string[] = []): string {
  const longestFirst = folders.filter((folder) => folder.length > 1).sort((a, b) => b.length - a.length);
  const known = longestFirst.reduce((rest, folder) => rest.replaceAll(folder, `/_/${lastOf(folder)}`), text);
  return known.replaceAll(POSIX, "…/").replaceAll(WINDOWS, "…/");
}

const lastOf = (path: string): string => path.split(/[\\/]/).findLast((part) => part !== "") ?? "";
