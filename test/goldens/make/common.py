"""Shared helpers: deterministic random weights, file writing, the manifest."""
import json, os, platform, importlib.metadata as md
import torch
from safetensors.torch import save_file, load_file  # noqa: F401  (re-exported)

SINGLE, HALF = torch.float32, torch.float16


def gen(seed):
    return torch.Generator("cpu").manual_seed(seed)


def randn(shape, seed, scale=1.0):
    return torch.randn(shape, generator=gen(seed)) * scale


@torch.no_grad()
def randomize(module, seed, gain=1.0):
    """Give EVERY parameter a non-trivial value that fp16 can hold exactly (no zero convs, no unit norms).

    matrices/kernels ~ N(0, gain/sqrt(fan_in)); norm scales ~ 1 + 0.2 N; everything 1-D else ~ 0.1 N;
    embeddings ~ 0.5 N.  Values are rounded to fp16 and kept in fp32, so fp16 files lose nothing.
    """
    g = gen(seed)
    for name, p in module.named_parameters():
        if p.numel() == 0:
            continue
        z = torch.randn(p.shape, generator=g)
        leaf = name.split(".")[-1]
        if p.ndim >= 2 and "embedding" in name and "time_embedding" not in name and "add_embedding" not in name \
                and "patch" not in name and "controlnet_cond" not in name:
            z = z * 0.5
        elif p.ndim >= 2:
            z = z * gain / (p[0].numel() ** 0.5)
        elif leaf == "weight":
            z = 1 + 0.2 * z
        else:
            z = 0.1 * z
        p.copy_(z.to(HALF).to(p.dtype))
    for name, b in module.named_buffers():
        if b.is_floating_point():
            b.copy_(b)
    return module.eval().requires_grad_(False)


def half(sd):
    return {k: (v.to(HALF) if v.is_floating_point() else v).contiguous().clone() for k, v in sd.items()}


def f32(sd):
    return {k: (v.to(SINGLE) if v.is_floating_point() else v).contiguous().clone() for k, v in sd.items()}


def plain(o):
    """JSON has no NaN/Infinity: write them as strings"""
    if isinstance(o, float) and (o != o or o in (float("inf"), float("-inf"))):
        return str(o)
    if isinstance(o, dict):
        return {k: plain(v) for k, v in o.items()}
    return [plain(v) for v in o] if isinstance(o, (list, tuple)) else o


class Suite:
    def __init__(self, out, variant, seed):
        self.out, self.variant, self.seed, self.cases, self.checks = out, variant, seed, [], []
        os.makedirs(out, exist_ok=True)

    @property
    def held(self):
        return self.variant == "held"

    def pick(self, dev, held):
        return held if self.held else dev

    def path(self, rel):
        p = os.path.join(self.out, rel)
        os.makedirs(os.path.dirname(p), exist_ok=True)
        return p

    def save(self, rel, tensors, meta=None):
        clean = {k: v.detach().contiguous().clone() for k, v in tensors.items()}
        save_file(clean, self.path(rel), metadata=meta or {"format": "pt"})
        return rel

    def json(self, rel, obj):
        with open(self.path(rel), "w") as f:
            json.dump(plain(obj), f, indent=1, ensure_ascii=False, allow_nan=False)
        return rel

    def case(self, id, group, call, files, tol=None, **more):
        """files: {role: relative path}. Shapes of the small input/output files are listed for the reader."""
        shapes = {}
        for role, rel in files.items():
            if rel.endswith(".safetensors") and role.startswith(("io", "inputs", "outputs", "expected")):
                shapes[role] = {k: [str(v.dtype).replace("torch.", ""), list(v.shape)]
                                for k, v in load_file(self.path(rel)).items()}
        self.cases.append(dict(id=id, group=group, files=dict(files), shapes=shapes, call=call,
                               tolerance=tol or {"atol": 1e-4, "rtol": 1e-4}, **more))
        print("  case", id, flush=True)

    def check(self, what, value, limit):
        """Cross-check between two public implementations; stops the run when it fails."""
        value = float(value)
        self.checks.append({"what": what, "max_abs_diff": value, "limit": limit})
        print(f"  check {what}: {value:.3g} (limit {limit})", flush=True)
        assert value <= limit, what

    def manifest(self, extra):
        vers = {p: md.version(p) for p in ("torch", "diffusers", "transformers", "safetensors", "numpy", "scipy",
                                           "torchsde", "tomesd", "peft", "pillow", "opencv-python-headless",
                                           "open-clip-torch", "kornia", "torchvision")}
        vers["python"] = platform.python_version()
        head = dict(variant=self.variant, seed=self.seed, versions={**vers, **extra}, conventions=CONVENTIONS, cross_checks=self.checks)
        with open(self.path("manifest.json"), "w") as f:  # one case per line: compact and still easy to grep
            f.write(json.dumps(plain(head), ensure_ascii=False, indent=1, allow_nan=False)[:-2] + ',\n "cases": [\n')
            f.write(",\n".join(json.dumps(plain(c), ensure_ascii=False, allow_nan=False) for c in self.cases) + "\n]}\n")
        json.load(open(self.path("manifest.json")))


CONVENTIONS = {
    "weights": "all weights are fp16 values; outputs were computed in fp32 from exactly those values (fp16 -> fp32), on CPU",
    "tolerance": "pass when |got - want| <= atol + rtol*|want| elementwise for an fp32 engine; an fp16 engine may use 50x. "
                 "'floor' = max |fp32 - fp64| of the reference itself, where measured",
    "layout": "tensors are row-major as PyTorch has them (NCHW); 'io' files hold inputs as in.* and expected outputs as out.*",
}


def maxdiff(a, b):
    return (a.double() - b.double()).abs().max().item()


def floor(fn, module, *args, **kw):
    """max |fp32 - fp64| for one forward call: the reference's own rounding noise."""
    up = lambda v: v.double() if torch.is_tensor(v) and v.is_floating_point() else v
    deep = lambda v: {k: deep(x) for k, x in v.items()} if isinstance(v, dict) else ([deep(x) for x in v] if isinstance(v, (list, tuple)) else up(v))
    a = fn(module, *args, **kw)
    b = fn(module.double(), *deep(args), **deep(kw))
    module.float()
    return maxdiff(a, b)
