import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { diffusion, type Inspection, type NetworkSummary } from "../builtin.js";
import { Failure, messageOf } from "../failure.js";
import { palette } from "./colour.js";
import { printable } from "./printable.js";

const TITLES: Readonly<Record<string, string>> = { unet: "UNet", clip: "text encoder", vae: "autoencoder" };

/** What kind of network it is, in a phrase. */
function architecture(
  { kind, source }: NetworkSummary,
  { model, clip, vae }: Inspection["checkpoint"],
  families: Readonly<Record<string, string>>,
): string {
  const encoder = clip?.encoders.find(({ weights }) => weights === source);
  if (kind === "unet" && model) {
    const inpainting = model.takes.channels > model.latent.channels ? ", inpainting" : "";
    return `${families[model.family] ?? model.family}, ${model.prediction.type}${inpainting}`;
  }
  if (encoder) return `CLIP, ${encoder.config.heads} heads, ${encoder.config.activation}`;
  if (!vae) return kind;
  const name = vae.architecture === "tiny" ? "AutoencoderTiny" : "AutoencoderKL";
  return `${name}, ${vae.latent.channels} channels, 1/${vae.latent.factor}`;
}

/** Element types, the most used first. */
const dtypeOf = ({ dtypes }: NetworkSummary): string =>
  Object.entries(dtypes)
    .sort(([, a], [, b]) => b - a)
    .map(([dtype]) => dtype.toLowerCase())
    .join(", ");

const LISTED = 20;

const listed = (title: string, keys: readonly string[]): readonly string[] =>
  keys.length === 0
    ? []
    : [
        `${title}: ${keys.length}`,
        ...keys.slice(0, LISTED).map((key) => `  ${key}`),
        ...(keys.length > LISTED ? ["  …"] : []),
      ];

/** `mezzotint inspect PATH`: what a checkpoint holds, from its headers alone. */
export async function inspectCommand(path: string, { json }: { readonly json?: boolean }): Promise<void> {
  const { FAMILY_TITLES, inspectCheckpoint, whyNotSampled } = await diffusion();
  const inspection = await inspectCheckpoint(path).catch((cause: unknown) => {
    throw new Failure(messageOf(cause), { cause });
  });
  const { checkpoint, networks } = inspection;
  const names = [...new Set(networks.flatMap(({ source }) => source.files))];
  const files = await Promise.all(names.map(async (name) => ({ path: name, bytes: (await stat(name)).size })));
  const unread = [...inspection.unread, ...checkpoint.unknown];
  const rows = networks.map((network) => ({
    network: TITLES[network.kind] ?? network.kind,
    architecture: architecture(network, checkpoint, FAMILY_TITLES),
    names: network.source.layout,
    dtype: dtypeOf(network),
    parameters: network.parameters,
  }));
  const reason = checkpoint.model && whyNotSampled(checkpoint.model, basename(resolve(path)));
  if (json) {
    const sampling = checkpoint.model ? { supported: reason === undefined, ...(reason && { reason }) } : null;
    console.log(JSON.stringify({ path, networks: rows, files, unread, ignored: checkpoint.ignored, sampling }));
    return;
  }
  const { bold, dim, green, yellow } = palette(process.stdout);
  for (const row of rows) {
    const size = `${(row.parameters / 1e6).toFixed(1)} M parameters, ${row.dtype}`;
    console.log(`${bold(row.network.padEnd(12))}  ${row.architecture}; ${size}${dim(`  ${row.names} names`)}`);
  }
  for (const file of files) console.log(dim(`${(file.bytes / 1e6).toFixed(1).padStart(10)} MB  ${file.path}`));
  for (const line of listed("keys that no picture needs", checkpoint.ignored)) console.log(dim(line));
  console.log(unread.length === 0 ? green("every key is read") : yellow(listed("keys unread", unread).join("\n")));
  if (checkpoint.model) console.log(reason === undefined ? green("can be sampled") : yellow(printable(reason)));
}
