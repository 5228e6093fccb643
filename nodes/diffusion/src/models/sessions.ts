import { elements } from "@mezzotint/engine";
import { encode, type Graph, graphKey, type SessionSpec, type Weights } from "@mezzotint/engine/onnx";
import { openWeights } from "./canonical.js";
import { clipGraph } from "./clip.js";
import type { Checkpoint, Model, TextEncoder, Vae, WeightsSource } from "./descriptions.js";
import type { Kind } from "./detect.js";
import { identifyAll } from "./identity.js";
import type { UnetSlots } from "./slots.js";
import { tinyDecoderGraph, tinyEncoderGraph } from "./taesd.js";
import { unetGraph } from "./unet.js";
import { decoderGraph, encoderGraph } from "./vae.js";

/** A session, and what it must be fed. */
export interface NetworkSession extends SessionSpec {
  readonly inputs: Graph["inputs"];
}

/** Sessions by what they are made of. A spec is small: its graph has names and shapes, no weights. */
const made = new Map<string, Promise<NetworkSession>>();
const MAX_MADE = 64;

/** The UNet's session: inputs and outputs as `unetGraph` says. */
export const unetSession = (model: Model, slots: UnetSlots = {}): Promise<NetworkSession> =>
  sessionOf("unet", model.weights, { config: model.config, slots }, (w) => unetGraph(w, model.config, slots));

/** A text encoder's session: inputs and outputs as `clipGraph` says. Clip skip is an input. */
export const clipSession = ({ weights, config }: TextEncoder): Promise<NetworkSession> =>
  sessionOf("clip", weights, { config }, (w) => clipGraph(w, config));

/** The session that turns pictures into latents: inputs and outputs as `encoderGraph` or `tinyEncoderGraph` says. */
export const vaeEncoderSession = (vae: Vae): Promise<NetworkSession> =>
  sessionOf("vae", vae.weights, { config: vae.config, way: "encode" }, (w) => vaeEncoderGraph(vae, w));

/** The session that turns latents into pictures: inputs and outputs as `decoderGraph` or `tinyDecoderGraph` says. */
export const vaeDecoderSession = (vae: Vae): Promise<NetworkSession> =>
  sessionOf("vae", vae.weights, { config: vae.config, way: "decode" }, (w) => vaeDecoderGraph(vae, w));

const vaeEncoderGraph = ({ architecture, config }: Vae, w: Weights): Graph =>
  architecture === "tiny" ? tinyEncoderGraph(w) : encoderGraph(w, config);
const vaeDecoderGraph = ({ architecture, config }: Vae, w: Weights): Graph =>
  architecture === "tiny" ? tinyDecoderGraph(w) : decoderGraph(w, config);

function sessionOf(
  kind: Kind,
  source: WeightsSource,
  options: unknown,
  build: (w: Weights) => Graph,
): Promise<NetworkSession> {
  const key = JSON.stringify([kind, source, options]);
  const known = made.get(key);
  if (known) return known;
  const session = openWeights(kind, source).then((w) => toSession(kind, build(w), source));
  made.set(key, session);
  session.catch(() => made.delete(key));
  for (const oldest of made.keys()) if (made.size > MAX_MADE) made.delete(oldest);
  return session;
}

/** The key tells graph and weights. Like an identity, it starts with `~` when it holds in this process only. */
function toSession(kind: Kind, graph: Graph, { files, identity }: WeightsSource): NetworkSession {
  const key = graphKey(graph, (file) => `${identity.replace("~", "")}/${files.indexOf(file)}`);
  let bytes = 0;
  for (const { shape } of graph.weights.values()) bytes += 4 * elements(shape);
  return {
    key: identity.startsWith("~") ? `~${key}` : key,
    name: `${kind} of ${files[0] ?? "no file"}`,
    model: async () => {
      // What is compiled is kept under the key: it must not be made of a file that came in the meantime.
      if ((await identifyAll(files)) !== identity)
        throw new Error(`${files.join(", ")} changed while the workflow ran: run it again`);
      return encode(graph);
    },
    bytes,
    inputs: graph.inputs,
  };
}

/** The keys within a checkpoint's networks that building their graphs does not read: there should be none. */
export async function unreadKeys({ model, clip, vae }: Checkpoint): Promise<string[]> {
  const unread: string[] = [];
  const build = async (kind: Kind, source: WeightsSource, use: (w: Weights) => void) => {
    const w = await openWeights(kind, source);
    use(w);
    unread.push(...w.unread());
  };
  if (model) await build("unet", model.weights, (w) => unetGraph(w, model.config));
  for (const { weights, config } of clip?.encoders ?? []) await build("clip", weights, (w) => clipGraph(w, config));
  if (vae)
    await build("vae", vae.weights, (w) => {
      const has = (side: string) => ["conv_in", "layers.0"].some((first) => w.has(`${side}.${first}.weight`));
      if (has("encoder")) vaeEncoderGraph(vae, w);
      if (has("decoder")) vaeDecoderGraph(vae, w);
    });
  return unread;
}
