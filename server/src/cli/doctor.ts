import { existsSync, readFileSync, statSync } from "node:fs";
import { access, constants, readdir, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { availableParallelism, cpus, freemem } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { machineMemory } from "@mezzotint/engine/onnx";
import { core, diffusion } from "../builtin.js";
import { installedExtensions, ownVersion } from "../extensions.js";
import { messageOf } from "../failure.js";
import { loadPacks } from "../packs.js";
import { type Places, places } from "../places.js";
import { openUserFolders } from "../runtime.js";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

/** One line of the report. */
interface Finding {
  readonly verdict: "good" | "note" | "bad";
  readonly subject: string;
  readonly text: string;
}

const finding = (verdict: Finding["verdict"], subject: string, text: string): Finding => ({ verdict, subject, text });

const gigabytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`;

/** Instruction sets that decide how fast ONNX Runtime is. */
const FLAGS = ["avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8"];

function cpu(): Finding {
  const model = cpus()[0]?.model.trim() ?? "an unknown CPU";
  const info = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const known = new Set(/^flags\s*:\s*(.*)$/m.exec(info)?.[1]?.split(" "));
  const flags = FLAGS.filter((flag) => known.has(flag));
  const text = `${model}, ${availableParallelism()} cores${flags.length > 0 ? `, ${flags.join(" ")}` : ""}`;
  const slow = process.arch === "x64" && known.size > 0 && !known.has("avx2");
  return slow ? finding("note", "CPU", `${text}: without AVX2 it will be slow`) : finding("good", "CPU", text);
}

function memory(): Finding {
  const bytes = machineMemory();
  const text = `${gigabytes(bytes)}, ${gigabytes(Math.min(freemem(), bytes))} free`;
  return bytes < 4 * 2 ** 30
    ? finding("note", "memory", `${text}: enough for the embedded model, too little for Stable Diffusion`)
    : finding("good", "memory", text);
}

/** The part of onnxruntime-node that is asked here. */
interface OnnxRuntime {
  readonly env: { readonly versions: { readonly node?: string; readonly common: string } };
  readonly listSupportedBackends: () => readonly { readonly name: string; readonly bundled: boolean }[];
}

/** ONNX Runtime is the engine's dependency, so it is found from there. Nothing but this command loads it in this process. */
function runtime(): Finding {
  // It would write a device id into the home folder, and report home (as the inference host keeps it from doing).
  process.env.ORT_DISABLE_TELEMETRY = "1";
  try {
    const ort: OnnxRuntime = createRequire(import.meta.resolve("@mezzotint/engine"))("onnxruntime-node");
    const others = ort
      .listSupportedBackends()
      .flatMap(({ name, bundled }) => (bundled && name !== "cpu" ? [name] : []));
    const unused = others.length > 0 ? `; not used yet: ${others.join(", ")}` : "";
    return finding(
      "good",
      "ONNX Runtime",
      `${ort.env.versions.node ?? ort.env.versions.common}, computes on: CPU${unused}`,
    );
  } catch (error) {
    return finding("bad", "ONNX Runtime", `does not load: ${messageOf(error)}`);
  }
}

/** The nearest folder above `path` that exists. */
const existing = (path: string): string => (existsSync(path) ? path : existing(dirname(path)));

async function dataFolder({ data }: Places): Promise<Finding> {
  const there = existing(data);
  const usable = await access(there, constants.W_OK).then(
    () => statSync(there).isDirectory(),
    () => false,
  );
  if (!usable) {
    return finding("bad", "data", `${data} cannot be written; choose another with --data or MEZZOTINT_DATA`);
  }
  return there === data
    ? finding("good", "data", data)
    : finding(
        "note",
        "data",
        `${data} is not there yet; models of yours go into ${join(data, "models", "checkpoints")}`,
      );
}

async function models(where: Places): Promise<Finding> {
  const { MODEL_KINDS } = await core();
  const folders = await openUserFolders(where);
  const counts = MODEL_KINDS.map((kind) => [kind, folders.models(kind).length] as const).filter(
    ([, count]) => count > 0,
  );
  const text = counts.map(([kind, count]) => `${count} ${kind}`).join(", ");
  return counts.length > 0
    ? finding("good", "models", text)
    : finding("bad", "models", "none, not even the embedded one");
}

/** How many checkpoints are looked into, and for how long: they may be many, or on a slow disk. */
const LOOKED_AT = 50;
const LOOKING_MS = 5000;

/** Why checkpoints cannot be sampled, told of so many. */
const TOLD = 5;

/** Why a checkpoint cannot be sampled, from its headers; nothing if it can. */
async function unsampled(
  folders: Awaited<ReturnType<typeof openUserFolders>>,
  name: string,
): Promise<string | undefined> {
  const { openCheckpoint, whyNotSampled } = await diffusion();
  try {
    const { model } = await openCheckpoint(folders.model("checkpoints", name));
    return model ? whyNotSampled(model, name) : `${name} has no diffusion model`;
  } catch (error) {
    return `${name}: ${messageOf(error)}`;
  }
}

/** How many checkpoints can be sampled, and why the others cannot. */
async function checkpoints(where: Places): Promise<readonly Finding[]> {
  const folders = await openUserFolders(where);
  const names = folders.models("checkpoints");
  if (names.length === 0) return [];
  const late = Symbol();
  const deadline = setTimeout(LOOKING_MS, late, { ref: false });
  const refused: string[] = [];
  let seen = 0;
  for (const name of names.slice(0, LOOKED_AT)) {
    const reason = await Promise.race([unsampled(folders, name), deadline]);
    if (reason === late) break;
    seen++;
    if (typeof reason === "string") refused.push(printable(reason));
  }
  const unseen = names.length - seen;
  const text = [
    `${seen - refused.length} of ${seen} can be sampled${unseen > 0 ? ` (${unseen} more were not looked into)` : ""}`,
    ...refused.slice(0, TOLD),
    ...(refused.length > TOLD ? [`and ${refused.length - TOLD} others; ask \`mezzotint inspect\``] : []),
  ].join("; ");
  return [finding(refused.length > 0 ? "note" : "good", "checkpoints", text)];
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const sizes = await Promise.all(
    files.map((file) =>
      stat(file).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

async function packs(): Promise<Finding> {
  try {
    const loaded = await loadPacks(installedExtensions());
    return finding(
      "good",
      "packs",
      loaded
        .map(
          ({ name, version, nodes }) =>
            `${name} ${version} (${nodes.filter(({ internal }) => !internal).length} nodes)`,
        )
        .join(", "),
    );
  } catch (error) {
    return finding("bad", "packs", messageOf(error));
  }
}

/** `mezzotint doctor`: what this machine and this installation are, a verdict a line. False if something is broken. */
export async function doctorCommand({
  data,
  json,
}: {
  readonly data?: string;
  readonly json?: boolean;
}): Promise<boolean> {
  const where = places({ ...(data && { data }) });
  const found = await Promise.all([
    finding("good", "mezzotint", ownVersion()),
    finding("good", "Node", `${process.versions.node}, ${process.platform} ${process.arch}`),
    cpu(),
    memory(),
    runtime(),
    packs(),
    dataFolder(where),
    models(where),
    checkpoints(where),
    sizeOf(where.compiled).then((bytes) =>
      finding("good", "cache", `${gigabytes(bytes)} in ${where.compiled}; safe to delete`),
    ),
  ]);
  const findings = found.flat();
  const { green, yellow, red, dim } = palette(process.stdout);
  const marks = { good: green("✓"), note: yellow("!"), bad: red("✗") };
  if (json) for (const line of findings) console.log(JSON.stringify(line));
  else
    for (const { verdict, subject, text } of findings)
      console.log(`${marks[verdict]} ${dim(subject.padEnd(12))} ${text}`);
  return findings.every(({ verdict }) => verdict !== "bad");
}
