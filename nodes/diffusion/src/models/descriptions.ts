/**
 * MODEL, CLIP and VAE values: immutable descriptions of weights and what is changed about them, never live sessions.
 * They hash, they cross processes, and patching makes a new one.
 */

/**
 * How a network's keys are called: as diffusers' or transformers' folders have them, as the original single files
 * (LDM) do, or as OpenCLIP or TAESD's files do.
 */
export type Layout = "diffusers" | "transformers" | "ldm" | "openclip" | "taesd";

/** Where a network's weights are: files as the user has them, and how to read their keys. */
export interface WeightsSource {
  /** `.safetensors` files whose keys are seen as one set. */
  readonly files: readonly string[];
  readonly layout: Layout;
  /** What precedes this network's keys in the files, e.g. `model.diffusion_model.`. */
  readonly prefix: string;
  /** Changes whenever the files' contents do; part of cache keys. Starts with `~` when known only to this process. */
  readonly identity: string;
}

/** How a network's output becomes the denoised latent, and which noise levels it knows. */
export interface Prediction {
  /**
   * What the network answers: the noise, a velocity, the picture; the noise from which a consistency model makes its
   * picture (LCM); or the picture of a network that is shown the latent as it is (`image_to_image`).
   */
  readonly type: "epsilon" | "v_prediction" | "sample" | "consistency" | "image_to_image";
  /** Noise schedule of training; `scaled_linear` is linear in sqrt(beta). */
  readonly schedule: "scaled_linear" | "linear";
  readonly betaStart: number;
  readonly betaEnd: number;
  readonly trainSteps: number;
  readonly zeroTerminalSnr: boolean;
  /** How many of the training steps a distilled network still knows, evenly spread with the last among them. */
  readonly distilledSteps?: number;
}

/** What weights cannot tell of a UNet. The rest (channels, levels, layers, attention) is read from their shapes. */
export interface UnetConfig {
  /** Attention heads of each level from high to low resolution, or one number for all. */
  readonly heads: number | readonly number[];
  /** Given when it is the width of a head that is fixed (SD2, SDXL); then `heads` is ignored. */
  readonly headWidth?: number;
  /** Groups of every group normalisation. */
  readonly groups: number;
}

/** The families of UNets that a picture can be made with, told apart by structure. */
export type Family = "sd1" | "sd2" | "sdxl" | "sdxl-refiner";

/** A colour for a latent cell without an autoencoder: `bias + Σ factors[channel] × latent`, of the UNet's scaled latents. */
export interface LatentColours {
  /** For each latent channel, red, green and blue; pictures are 0 to 1. */
  readonly factors: readonly (readonly [number, number, number])[];
  readonly bias: readonly [number, number, number];
}

/** A latent space. */
export interface LatentSpace {
  readonly channels: number;
  /** The UNet sees latents multiplied by this. */
  readonly scale: number;
  /** For previews; absent: the family's. */
  readonly colours?: LatentColours;
}

/** A denoising UNet. */
export interface Model {
  readonly kind: "unet";
  readonly family: Family;
  readonly weights: WeightsSource;
  readonly config: UnetConfig;
  readonly prediction: Prediction;
  readonly latent: LatentSpace;
  /** How far guidance is brought back to the spread of the prompt's own answer, 0 to 1 (RescaleCFG). */
  readonly rescaleGuidance?: number;
  /** Grey values of a noise mask say how late a cell starts to change (DifferentialDiffusion); 0 to 1, how much so. */
  readonly differential?: number;
  /** Widths of what the network takes. More channels than the latent has are a mask and a masked picture (inpainting). */
  readonly takes: {
    readonly channels: number;
    /** Width of the text's hidden states. */
    readonly context: number;
    /** Width of the vector of pooled text and sizes that SDXL takes. */
    readonly vector?: number;
  };
}

/** What weights cannot tell of a text encoder. */
export interface ClipConfig {
  readonly heads: number;
  readonly activation: "quick_gelu" | "gelu";
  readonly bos: number;
  readonly eos: number;
  readonly pad: number;
}

/** A CLIP text encoder. */
export interface TextEncoder {
  readonly weights: WeightsSource;
  readonly config: ClipConfig;
  /** Folder with `vocab.json` and `merges.txt`; absent: CLIP's own vocabulary. */
  readonly tokenizer?: string;
  /** Which layer's output is taken, counted from the end: -1 is the last (CLIPSetLastLayer). */
  readonly layer: number;
  /** Whether that output goes through the final norm: in SD1 and SD2 it does, in SDXL it does not. */
  readonly norm: boolean;
  readonly size: {
    readonly layers: number;
    /** Tokens it knows. */
    readonly vocabulary: number;
    /** Tokens it reads at once, with start and end: 77. */
    readonly positions: number;
  };
}

/** What turns text into conditioning: one encoder; SDXL has two, whose outputs stand side by side. */
export interface Clip {
  readonly kind: "clip";
  readonly encoders: readonly TextEncoder[];
}

/** What weights cannot tell of an autoencoder. */
export interface VaeConfig {
  /** Groups of every group normalisation; 0 where there is none. */
  readonly groups: number;
}

/** An autoencoder between pictures and latents. */
export interface Vae {
  readonly kind: "vae";
  /**
   * The usual one with a Gaussian latent; a tiny one (TAESD) that is quick and near enough; or none, for models that
   * denoise pixels: its latents are pictures from -1 to 1.
   */
  readonly architecture: "autoencoder-kl" | "tiny" | "pixels";
  readonly weights: WeightsSource;
  readonly config: VaeConfig;
  readonly latent: LatentSpace & {
    /** Pixels a side per latent cell. */
    readonly factor: number;
    /** Taken off latents before they are scaled for the UNet; absent: 0. */
    readonly shift?: number;
  };
  /** Channels of the widest layer at the picture's full size, which decides how much memory a picture takes. */
  readonly width: number;
}

/** What a file or folder holds: the networks that were found in it, described, and the keys that are none of theirs. */
export interface Checkpoint {
  readonly path: string;
  readonly model?: Model;
  readonly clip?: Clip;
  readonly vae?: Vae;
  /** Keys that real files carry and no picture needs. */
  readonly ignored: readonly string[];
  /** Keys of no network that is known here. `unreadKeys` tells of those within a network. */
  readonly unknown: readonly string[];
}
