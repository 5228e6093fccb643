import { extname } from "node:path";

/** Comfy API v2's kinds of outputs. */
export type OutputKind = "image" | "video" | "audio" | "text" | "file" | "latent";

/** By ending. What is sent is decided by a file's beginning (serve.ts); this only says what to expect. */
const TYPES: Readonly<Record<string, string>> = {
  png: "image/png",
  apng: "image/apng",
  jpg: "image/jpeg",
  jpeg: "image/jpeg",
  webp: "image/webp",
  gif: "image/gif",
  avif: "image/avif",
  tif: "image/tiff",
  tiff: "image/tiff",
  mp4: "video/mp4",
  webm: "video/webm",
  mp3: "audio/mpeg",
  wav: "audio/wav",
  flac: "audio/flac",
  ogg: "audio/ogg",
  txt: "text/plain",
  json: "application/json",
};

/** The media type that a file's name promises. */
export const mediaTypeOf = (name: string): string =>
  TYPES[extname(name).slice(1).toLowerCase()] ?? "application/octet-stream";

/** What a node's output is, by the name under which the node showed it and by its media type. */
export function kindOf(shownAs: string, type: string): OutputKind {
  if (shownAs === "latents") return "latent";
  const [family] = type.split("/");
  if (family === "image" || family === "video" || family === "audio" || family === "text") return family;
  return shownAs === "audio" ? "audio" : "file";
}
