"""Import a ComfyUI source tree (v0.3.64), named by COMFY_ROOT, as a library, on CPU, in fp32. It is GPL-3 and no part of this project."""
import os, sys, logging
ROOT = os.environ.get("COMFY_ROOT", "")
if not os.path.isdir(os.path.join(ROOT, "comfy")):
    sys.exit("COMFY_ROOT must name a ComfyUI source tree (v0.3.64, commit a125cd84)")
sys.path.insert(0, ROOT)
logging.getLogger().setLevel(logging.ERROR)
import comfy.options
comfy.options.enable_args_parsing(False)
from comfy.cli_args import args
args.cpu = True
args.use_pytorch_cross_attention = True
args.disable_xformers = True
args.force_fp32 = True
import comfy.samplers, comfy.sample, comfy.utils, comfy.sd1_clip, comfy.sdxl_clip, comfy.model_sampling, comfy.ops, comfy.lora  # noqa: E402,F401
import comfy.k_diffusion.sampling as kds  # noqa: E402,F401
from comfy.ldm.modules.diffusionmodules.openaimodel import UNetModel  # noqa: E402,F401
from comfyui_version import __version__ as VERSION  # noqa: E402,F401
