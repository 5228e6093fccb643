import type { ConfigFile } from "./config-file.js";
import type { LatentColours } from "./descriptions.js";

/** Colours that are of any use change a picture of 0 to 1 by a few units at most. */
const LARGEST = 100;

/**
 * Reads a pipeline's `latent_colours.json`, which `tools/fit-latent-colours.mjs` writes: `factors`, for each of the
 * latent's channels red, green and blue, and `bias`. Diffusers does not know it; it is there for previews.
 */
export function readLatentColours(config: ConfigFile, channels: number): LatentColours {
  const factors = config.get("factors");
  const bias = config.get("bias");
  if (!Array.isArray(factors) || factors.length !== channels || !factors.every(isTriple))
    throw config.error("factors", `${channels} lists of three numbers within ±${LARGEST}, one for each latent channel`);
  if (!isTriple(bias)) throw config.error("bias", `three numbers within ±${LARGEST}`);
  return { factors, bias };
}

const isTriple = (value: unknown): value is readonly [number, number, number] =>
  Array.isArray(value) &&
  value.length === 3 &&
  value.every((n) => typeof n === "number" && Number.isFinite(n) && Math.abs(n) <= LARGEST);
