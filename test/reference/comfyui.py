"""Runs API prompts in ComfyUI itself, with the tiny checkpoint of test/goldens in place of a real one.

    COMFY_ROOT=<source tree> python comfyui.py --input DIR --output DIR PROMPT.json...

COMFY_ROOT names a source tree of ComfyUI 0.3.64 (commit a125cd84). It is GPL-3 and no part of this project: it is run
here to be compared with, as a user would run it. Needs the packages of ../goldens/make/requirements.txt, aiohttp, av.
ComfyUI tells a checkpoint's architecture by the sizes of real models, so this one's networks are built here, with
ComfyUI's classes, and handed out by its CheckpointLoaderSimple. Everything else is ComfyUI's: its validation, its
executor, its nodes. The pictures lie in DIR, named as the prompts' SaveImage nodes ask.
"""
import argparse, asyncio, json, os, sys

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "goldens", "make"))
ap = argparse.ArgumentParser()
ap.add_argument("--input", required=True)
ap.add_argument("--output", required=True)
ap.add_argument("prompts", nargs="+")
options = ap.parse_args()
sys.argv = sys.argv[:1]

from comfyref import ROOT  # noqa: E402  (sets ComfyUI up for the CPU, in fp32)
import torch  # noqa: E402
import safetensors.torch  # noqa: E402
import comfy.model_patcher, comfy.sd, comfy.sd1_clip as sd1, comfy.supported_models  # noqa: E402
import layouts, models  # noqa: E402

CHECKPOINT = os.path.join(here, "..", "goldens", "data", "checkpoint_sd15", "model.safetensors")
CPU = torch.device("cpu")


def part(weights, prefix):
    return {k[len(prefix):]: v.float() for k, v in weights.items() if k.startswith(prefix)}


def load():
    weights = safetensors.torch.load_file(CHECKPOINT)
    unet_cfg, vae_cfg, text_cfg = models.unet_config("sd15", False), models.vae_config(False), models.text_config("full", False)

    config = comfy.supported_models.SD15(layouts.comfy_unet_config(unet_cfg))
    config.unet_config["num_heads"] = unet_cfg["attention_head_dim"]
    config.set_inference_dtype(torch.float32, None)
    base = config.get_model({}, device="cpu")
    base.diffusion_model.load_state_dict(part(weights, "model.diffusion_model."), strict=True)
    model = comfy.model_patcher.ModelPatcher(base.eval().requires_grad_(False), load_device=CPU, offload_device=CPU)

    widths = vae_cfg["block_out_channels"]
    dd = dict(double_z=True, z_channels=4, resolution=64, in_channels=3, out_ch=3, ch=widths[0], ch_mult=[w // widths[0] for w in widths],
              num_res_blocks=vae_cfg["layers_per_block"], attn_resolutions=[], dropout=0.0)
    vae = comfy.sd.VAE(sd=part(weights, "first_stage_model."), config={"params": {"ddconfig": dd, "embed_dim": 4}}, device=CPU, dtype=torch.float32)
    vae.downscale_ratio = vae.upscale_ratio = 2 ** (len(widths) - 1)

    class Encoder(sd1.SDClipModel):
        def __init__(self, **kw):
            kw.pop("model_options", None)
            super().__init__(textmodel_json_config=text_cfg, **kw)

    class Tokenizer(sd1.SDTokenizer):
        def __init__(self, **kw):
            super().__init__(embedding_size=text_cfg["hidden_size"], **kw)

    clip = comfy.sd.CLIP(no_init=True)
    clip.cond_stage_model = sd1.SD1ClipModel(device="cpu", dtype=torch.float32, clip_model=Encoder)
    clip.cond_stage_model.clip_l.load_sd(part(weights, "cond_stage_model.transformer."))
    clip.tokenizer = sd1.SD1Tokenizer(tokenizer=Tokenizer)
    clip.patcher = comfy.model_patcher.ModelPatcher(clip.cond_stage_model.eval().requires_grad_(False), load_device=CPU, offload_device=CPU)
    clip.layer_idx, clip.use_clip_schedule, clip.tokenizer_options, clip.apply_hooks_to_conds = None, False, {}, None
    return model, clip, vae


class Server:
    """What the executor tells about its progress, told to nobody."""
    client_id = last_node_id = last_prompt_id = None

    def send_sync(self, *_):
        pass


def main():
    import folder_paths
    folder_paths.set_input_directory(os.path.abspath(options.input))
    folder_paths.set_output_directory(os.path.abspath(options.output))
    import nodes, execution
    loaded = load()
    nodes.CheckpointLoaderSimple.INPUT_TYPES = classmethod(lambda cls: {"required": {"ckpt_name": (["tiny"],)}})
    nodes.CheckpointLoaderSimple.load_checkpoint = lambda self, ckpt_name: loaded
    asyncio.run(nodes.init_extra_nodes(init_custom_nodes=False, init_api_nodes=False))
    for path in options.prompts:
        prompt = json.load(open(path))
        valid, error, outputs, node_errors = asyncio.run(execution.validate_prompt(path, prompt, None))
        if not valid or node_errors:
            sys.exit(f"{path}: {error} {node_errors}")
        executor = execution.PromptExecutor(Server())
        executor.execute(prompt, path, {}, outputs)
        if not executor.success:
            sys.exit(f"{path}: {executor.status_messages[-1]}")


main()
