"""14. Where, when and how much conditions hold, inpainting inputs, and guidance patches, through ComfyUI's own sampling.

Each run is data in the product's vocabulary; `comfy_cond` says it in ComfyUI's.
"""
import torch
from common import *
from comfyref import comfy
import comfy.model_sampling, comfy.sample
from stubs import node_file
from cases.e2e import comfy_model

POS, NEG = {"tokens": "in.a"}, {"tokens": "in.n"}
TOLD = {"inpaint": {"latent": "in.picture", "mask": "in.hard"}}
MANY = {"inpaint": {"latent": "in.pictures", "mask": "in.hards"}}
LARGE = {"inpaint": {"latent": "in.large", "mask": "in.tall"}}


def area(height, width, y, x, **more):
    return {"area": {"height": height, "width": width, "y": y, "x": x, **more}}


def mask(pixels, strength, bounds=False):
    return {"mask": {"pixels": pixels, "strength": strength, "bounds": bounds}}


def during(start, end):
    return {"range": {"start": start, "end": end}}


def runs(h, w):
    """Runs as data: the defaults are one positive and one negative text, an empty latent of one item, euler, normal."""
    B, C, long = {"tokens": "in.b"}, {"tokens": "in.c"}, {"tokens": "in.long"}
    part, strip = area(5, 6, 2, 3), area(6, 7, 1, 3)
    kept = {"latent": "in.latent", "noise_mask": "in.grey"}
    return {
        "mask.bounds": {"positive": [POS, {**B, **mask("in.box", 0.9, True)}]},
        "mask.bounds_alone": {"positive": [{**B, **mask("in.box", 0.9, True)}]},
        "mask.bounds_empty": {"positive": [POS, {**B, **mask("in.none", 0.9, True)}]},
        "mask.in_area": {"positive": [POS, {**B, **mask("in.box", 2.0), **strip, "strength": 0.5}]},
        "mask.batch": {"positive": [POS, {**B, **mask("in.two", 1.5)}], "batch": 2},
        "mask.first": {"positive": [POS, {**B, **mask("in.two", 1.5)}]},
        "range.gap": {"positive": [{**POS, **during(0, 0.3)}, {**B, **during(0.6, 1)}], "steps": 10},
        "range.gap_negative": {"negative": [{**NEG, **during(0.2, 0.5)}], "steps": 10},
        "range.switch": {"positive": [{**POS, **during(0, 0.5)}, {**B, **during(0.5, 1)}], "steps": 10, "sampler": "heun"},
        "area.relative": {"positive": [POS, {**B, **area(0.55, 0.33, 0.45, 0.21, relative=True), "strength": 0.7}]},
        "area.relative_tiny": {"positive": [POS, {**B, **area(0.1, 0.04, 0.5, 0.5, relative=True), "strength": 0.7}]},
        "area.overshoot": {"positive": [POS, {**B, **area(64, 5, 3, w - 4), "strength": 2.0}]},
        "area.halves": {"positive": [{**POS, **area(h, w // 2, 0, 0)}, {**B, **area(h, w // 2, 0, w // 2)}]},
        "area.negative": {"negative": [NEG, {**C, **part, "strength": 1.2}]},
        "area.negative_unasked": {"negative": [NEG, {**C, **part, "strength": 1.2}], "cfg": 1.0},
        "area.nested": {"positive": [POS, {**B, **area(4, 4, 2, 4)}],
                        "negative": [{**NEG, **area(7, 9 if w > 9 else 8, 0, 0)}, {**C, **area(6, 5, 1, 3), "strength": 0.4}, NEG]},
        "area.ranged": {"positive": [POS, {**B, **area(4, 4, 2, 4), **during(0, 0.5)}]},
        "strength.zero": {"positive": [{**POS, "strength": 0.0}]},
        "strength.lengths": {"positive": [{**POS, "strength": 0.6}, {**long, "strength": 1.4}, B], "batch": 3},
        "inpaint.plain": {"model": "inpaint"},
        "inpaint.noise_mask": {"model": "inpaint", **kept},
        "inpaint.noise_mask_empty": {"model": "inpaint", "noise_mask": "in.grey"},
        "inpaint.area": {"model": "inpaint", "positive": [{**POS, **TOLD}, {**B, **part, **TOLD}], "negative": [{**NEG, **TOLD}], "batch": 2},
        "inpaint.batch": {"model": "inpaint", "positive": [{**POS, **MANY}], "negative": [{**NEG, **TOLD}], "batch": 2},
        "inpaint.resized": {"model": "inpaint", "positive": [{**POS, **LARGE}], "negative": [{**NEG, **TOLD}]},
        "inpaint.one_side": {"model": "inpaint", "positive": [{**POS, **TOLD}], **kept},
        "inpaint.differential": {"model": "inpaint", "differential": 1.0, **kept},
        "inpaint.ignored": {"positive": [{**POS, **TOLD}], "negative": [{**NEG, **TOLD}]},
        "differential.full": {"differential": 1.0, **kept},
        "differential.half": {"differential": 0.5, **kept},
        "differential.zero": {"differential": 0.0, **kept},
        "differential.late": {"differential": 1.0, **kept, "denoise": 0.6, "sampler": "dpmpp_2m", "scheduler": "karras"},
        "differential.ddim": {"differential": 1.0, **kept, "sampler": "ddim"},
        "rescale.part": {"rescale": 0.7},
        "rescale.zsnr_batch": {"rescale": 1.0, "zsnr": True, "batch": 2},
        "rescale.cfg_pp": {"rescale": 0.7, "sampler": "euler_cfg_pp", "cfg": 1.5},
    }


def comfy_cond(io, cond):
    d = {}
    if "strength" in cond:
        d["strength"] = cond["strength"]
    if "area" in cond:
        a = cond["area"]
        size = (a["height"], a["width"], a["y"], a["x"])
        d["area"] = ("percentage", *size) if a.get("relative") else size
    if "mask" in cond:
        m = cond["mask"]
        d.update(mask=io[m["pixels"]], mask_strength=m["strength"], set_area_to_bounds=m["bounds"])
    if "range" in cond:
        d.update(start_percent=cond["range"]["start"], end_percent=cond["range"]["end"])
    if "inpaint" in cond:
        d.update(concat_latent_image=io[cond["inpaint"]["latent"]], concat_mask=io[cond["inpaint"]["mask"]].unsqueeze(1))
    return [io[cond["tokens"]], d]


def patched(m, run):
    m = m.clone()
    if run.get("zsnr"):
        ms = comfy.model_sampling
        m.add_object_patch("model_sampling", type("MS", (ms.ModelSamplingDiscrete, ms.V_PREDICTION), {})(m.model.model_config, zsnr=True))
    if "rescale" in run:
        m = node_file("nodes_model_advanced").RescaleCFG().patch(m, run["rescale"])[0]
    if "differential" in run:
        node, strength = node_file("nodes_differential_diffusion").DifferentialDiffusion, run["differential"]
        m.set_model_denoise_mask_function(lambda *a, **k: node.forward(*a, **k, strength=strength))
    return m


def run(s):
    h, w = s.pick((8, 12), (12, 8))
    nets = {"unet": comfy_model("sd15", s.held, s.seed), "inpaint": comfy_model("sd2inpaint", s.held, s.seed)}
    width = nets["unet"].model.model_config.unet_config["context_dim"]
    io = {f"in.{k}": randn((1, n, width), 900 + s.seed * 10 + i) for i, (k, n) in enumerate((("a", 77), ("b", 77), ("c", 77), ("n", 77), ("long", 154)))}
    pixels = torch.rand((1, h * 2, w * 2), generator=gen(950 + s.seed))
    box = torch.zeros((1, h * 2, w * 2))
    box[:, 3:9, 5:14] = 0.8
    hard = torch.zeros((1, h * 2, w * 2))
    hard[:, h // 2:h * 2 - 3, w // 2:w + 3] = 1.0
    picture = randn((1, 4, h, w), 951 + s.seed, 4.0)
    io.update({
        "in.box": box, "in.none": torch.zeros_like(box), "in.two": torch.cat([pixels, box]), "in.hard": hard, "in.hards": torch.cat([hard, 1 - hard, hard]),
        "in.tall": torch.rand((1, h * 3, w * 2), generator=gen(952 + s.seed)), "in.grey": torch.linspace(0, 1, h * w).reshape(1, h, w),
        "in.latent": randn((1, 4, h, w), 953 + s.seed, 4.0), "in.picture": picture, "in.pictures": torch.cat([picture, picture * 0.5, -picture]),
        "in.large": randn((1, 4, h * 2, w * 2), 954 + s.seed, 4.0)})
    rows = []
    for name, r in runs(h, w).items():
        r = {"model": "unet", "positive": [POS], "negative": [NEG], "cfg": 7.5, "steps": 6, "denoise": 1.0, "sampler": "euler", "scheduler": "normal", **r}
        latent = io[r["latent"]] if "latent" in r else torch.zeros((r.get("batch", 1), 4, h, w))
        noise = comfy.sample.prepare_noise(latent, s.seed)
        model = patched(nets[r["model"]], r)
        go = lambda n: comfy.sample.sample(
            model, n, r["steps"], r["cfg"], r["sampler"], r["scheduler"], *([comfy_cond(io, c) for c in r[k]] for k in ("positive", "negative")), latent.clone(),
            denoise=r["denoise"], noise_mask=io[r["noise_mask"]].unsqueeze(1) if "noise_mask" in r else None, disable_pbar=True, seed=s.seed)
        o = io[f"out.{name}"] = go(noise)
        rows.append({"name": name, **r, "atol": 20 * maxdiff(o, go(noise + randn(noise.shape, 3) * 1e-6)) + 1e-5 * o.std().item()})
    files = {"unet_diffusers": "unet_sd15/unet/diffusion_pytorch_model.safetensors", "inpaint_unet": "unet_sd2inpaint/ldm.safetensors", "io": s.save("conditions/io.safetensors", io)}
    s.case("conditions.comfy", "14 conditions, inpainting inputs, guidance patches (ComfyUI)", "comfy.sample.sample(model, prepare_noise(latent, seed), steps, cfg, sampler, scheduler, positive, negative, latent, denoise, noise_mask, seed)",
           files, {"atol": "per run: runs[i].atol", "rtol": 1e-4}, seed=s.seed, latent_hw=[h, w], runs=rows,
           notes="Tokens, pictures and latents are random numbers. masks [B,H,W] are given to ComfyUI as its nodes give them. area in latent cells, or in parts (ComfyUI's percentage). zsnr: v-prediction with zero terminal SNR.")
