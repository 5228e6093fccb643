import { describe, expect, test } from "vitest";
import type { Model } from "../models/descriptions.js";
import { whyNotSampled } from "./fitting.js";

const described = (family: Model["family"], takes: Model["takes"], file = "/models/checkpoints/a.safetensors") => ({
  family,
  takes,
  latent: { channels: 4, scale: 1 },
  weights: { files: [file], layout: "ldm" as const, prefix: "", identity: "" },
});

describe("whyNotSampled", () => {
  test.each([
    ["sd1", { channels: 4, context: 768 }],
    ["sd2", { channels: 9, context: 1024 }],
  ] as const)("has nothing against %s that takes %j", (family, takes) => {
    expect(whyNotSampled(described(family, takes))).toBeUndefined();
  });

  test.each([
    ["sdxl", "a.safetensors is Stable Diffusion XL;"],
    ["sdxl-refiner", "a.safetensors is Stable Diffusion XL refiner;"],
  ] as const)("names %s as users do", (family, want) => {
    expect(whyNotSampled(described(family, { channels: 4, context: 2048, vector: 2816 }))).toContain(want);
  });

  test("says how many channels are too many", () => {
    const reason = whyNotSampled(described("sd1", { channels: 8, context: 768 }));
    expect(reason).toMatch(/^a\.safetensors takes 8 channels; supported are the latent's 4, and 9/);
  });

  test.each([
    ["/models/checkpoints/xl/unet/diffusion_pytorch_model.safetensors", "xl"],
    ["/models/diffusion_models/lone/diffusion_pytorch_model.fp16.safetensors", "lone"],
    ["/models/unet/plain.safetensors", "plain.safetensors"],
  ])("calls a model in %s %s", (file, name) => {
    const model = described("sdxl", { channels: 4, context: 2048, vector: 2816 }, file);
    expect(whyNotSampled(model)).toMatch(new RegExp(`^${name} is `));
    expect(whyNotSampled(model, "mine")).toMatch(/^mine is /);
  });
});
