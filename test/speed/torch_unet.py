"""One SD1.5 UNet step at 512x512 in torch fp32, on demand: reads a line, runs a step, prints {"wall", "cpu"} seconds.

    python torch_unet.py THREADS

Needs torch and diffusers; weights are random, since only time is measured.
"""
import json, sys, time

try:
    import torch
    from diffusers import UNet2DConditionModel
except ImportError as error:
    print(json.dumps({"missing": str(error)}), flush=True)
    sys.exit(0)

torch.set_num_threads(int(sys.argv[1]))
torch.set_grad_enabled(False)
unet = UNet2DConditionModel(
    sample_size=64, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=(320, 640, 1280, 1280),
    down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    cross_attention_dim=768, attention_head_dim=8,
).eval()
x, t, context = torch.randn(1, 4, 64, 64), torch.tensor([500.0]), torch.randn(1, 77, 768)
unet(x, t, context)
print(json.dumps({"ready": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
for _ in sys.stdin:
    wall, cpu = time.perf_counter(), time.process_time()
    unet(x, t, context)
    print(json.dumps({"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}), flush=True)
