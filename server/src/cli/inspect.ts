import { readHeader } from "@mezzotint/engine/onnx";
import { diffusion } from "../builtin.js";
import { Failure, messageOf } from "../failure.js";
import { palette } from "./colour.js";

/** One network of a checkpoint, as the command prints it. */
interface Network {
  readonly network: string;
  readonly architecture: string;
  readonly layout: string;
  readonly dtype: string;
  readonly parameters: number;
  readonly bytes: number;
  readonly files: readonly string[];
}

const FAMILIES: Readonly<Record<string, string>> = {
  sd1: "Stable Diffusion 1",
  sd2: "Stable Diffusion 2",
  sdxl: "Stable Diffusion XL",
  "sdxl-refiner": "Stable Diffusion XL refiner",
};

interface Source {
  readonly files: readonly string[];
  readonly layout: string;
  readonly prefix: string;
}

/** Counts what a network's files hold under its prefix. */
async function measure({
  files,
  prefix,
  layout,
}: Source): Promise<Pick<Network, "layout" | "dtype" | "parameters" | "bytes" | "files">> {
  const headers = await Promise.all(files.map(readHeader));
  const tensors = headers.flatMap((header) => [...header.tensors.values()]).filter(({ key }) => key.startsWith(prefix));
  const byType = new Map<string, number>();
  for (const { dtype, length } of tensors) byType.set(dtype, (byType.get(dtype) ?? 0) + length);
  const types = [...byType].sort((a, b) => b[1] - a[1]).map(([dtype]) => dtype.toLowerCase());
  return {
    layout,
    dtype: types.join(", "),
    parameters: tensors.reduce((sum, { shape }) => sum + shape.reduce((product, n) => product * n, 1), 0),
    bytes: tensors.reduce((sum, { length }) => sum + length, 0),
    files,
  };
}

const LISTED = 20;

const listed = (title: string, keys: readonly string[]): string[] =>
  keys.length === 0
    ? []
    : [
        `${title}: ${keys.length}`,
        ...keys.slice(0, LISTED).map((key) => `  ${key}`),
        ...(keys.length > LISTED ? ["  …"] : []),
      ];

/** `mezzotint inspect PATH`: what a checkpoint holds, from its headers alone. */
export async function inspectCommand(path: string, { json }: { readonly json?: boolean }): Promise<void> {
  const { openCheckpoint, unreadKeys } = await diffusion();
  const checkpoint = await openCheckpoint(path).catch((cause) => {
    throw new Failure(messageOf(cause), { cause });
  });
  const { model, clip, vae } = checkpoint;
  const networks: Network[] = [];
  if (model) {
    const { family, prediction, takes } = model;
    const inpainting = takes.channels > model.latent.channels ? ", inpainting" : "";
    networks.push({
      network: "unet",
      architecture: `${FAMILIES[family] ?? family}, ${prediction.type}${inpainting}`,
      ...(await measure(model.weights)),
    });
  }
  for (const { weights, config } of clip?.encoders ?? []) {
    networks.push({
      network: "text encoder",
      architecture: `CLIP, ${config.heads} heads, ${config.activation}`,
      ...(await measure(weights)),
    });
  }
  if (vae) {
    const { channels, factor } = vae.latent;
    networks.push({
      network: "vae",
      architecture: `AutoencoderKL, ${channels} channels, 1/${factor}`,
      ...(await measure(vae.weights)),
    });
  }
  const unread = [...(await unreadKeys(checkpoint)), ...checkpoint.unknown];
  if (json) return console.log(JSON.stringify({ path, networks, unread, ignored: checkpoint.ignored }));
  const { bold, dim, green, yellow } = palette(process.stdout);
  for (const { network, architecture, layout, dtype, parameters, bytes } of networks) {
    console.log(`${bold(network.padEnd(12))}  ${architecture}${dim(`  ${layout} names`)}`);
    console.log(
      `${"".padEnd(12)}  ${(parameters / 1e6).toFixed(1)} M parameters, ${dtype}, ${(bytes / 1e6).toFixed(1)} MB`,
    );
  }
  for (const line of listed("keys that no picture needs", checkpoint.ignored)) console.log(dim(line));
  console.log(unread.length === 0 ? green("every key is read") : yellow(listed("keys unread", unread).join("\n")));
}
