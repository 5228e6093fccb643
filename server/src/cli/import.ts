import { join } from "node:path";
import { core } from "../builtin.js";
import { findInstallation } from "../model-paths/installation.js";
import { readModelPaths } from "../model-paths/read.js";
import { registerInstallation } from "../model-paths/register.js";
import { ownModelPaths, places } from "../places.js";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

/** `mezzotint import DIR`: uses the models of an existing installation where they are. */
export async function importCommand(
  folder: string,
  { data, json = false }: { readonly data?: string; readonly json?: boolean },
): Promise<void> {
  const asked = data === undefined ? {} : { data };
  const { MODEL_KINDS, kindName, openFolders } = await core();
  const installation = findInstallation(folder, MODEL_KINDS);
  const file = ownModelPaths(places(asked).data);
  await registerInstallation(file, installation);

  const modelRoots = readModelPaths(file);
  // A folder without models of its own: only what the file names is counted.
  const folders = openFolders({ data: join(file, "none"), modelRoots });
  const kinds = [...new Set(modelRoots.map(({ kind }) => kindName(kind)))];
  const counts = kinds
    .map((kind) => ({ kind, models: folders.models(kind).length }))
    .filter(({ models }) => models > 0);
  if (json) {
    console.log(
      JSON.stringify({ type: "import", installation: installation.title, base: installation.base, file, counts }),
    );
    return;
  }
  const { bold, dim } = palette(process.stdout);
  console.log(`The models of ${bold(printable(installation.base))} (${installation.title}) are used where they are.`);
  for (const { kind, models } of counts) console.log(`${String(models).padStart(6)}  ${kind}`);
  if (counts.length === 0) console.log("There are none in it yet; new ones are found as they arrive.");
  console.log(dim(`Written to ${printable(file)}`));
}
