"""The rasterised pictures: reading, the fixed hold-out, colour changes and small deformations."""
import json, zlib
import numpy as np, torch, torch.nn.functional as F

SIZE = 128

def load(data, name):
    """Premultiplied RGBA, uint8 [N, 128, 128, 4], mapped from disk."""
    return np.memmap(f'{data}/{name}.rgba', np.uint8, 'r').reshape(-1, SIZE, SIZE, 4)

def load_meta(data, name=None):
    return [e for e in json.load(open(f'{data}/meta.json')) if name in (None, e['set'])]

def held_out(e):
    """About 5 % of the concepts, the same in every set: the autoencoder is never trained on them."""
    return zlib.crc32(e['char'].replace('\ufe0f', '').encode()) % 20 == 0

def floats(rgba):
    """uint8 [B, H, W, 4] -> premultiplied colour [B, 3, H, W] and alpha [B, 1, H, W], both in 0..1."""
    x = torch.from_numpy(np.array(rgba)).float().div_(255).permute(0, 3, 1, 2)
    return x[:, :3], x[:, 3:]

def compose(rgba, bg=1.0):
    """Over a background (a number or [B, 3], 0..1): float [B, 3, H, W] in -1..1."""
    c, a = floats(rgba)
    if torch.is_tensor(bg): bg = bg[:, :, None, None]
    return (c + (1 - a) * bg) * 2 - 1

# colour word -> hue in degrees, saturation and value of the emoji palette
COLOURS = dict(red=(1, 0.82, 0.97), orange=(25, 0.83, 1.0), yellow=(47, 0.75, 0.99), green=(150, 0.95, 0.80), blue=(208, 1.0, 0.78),
               purple=(265, 0.50, 0.78), pink=(335, 0.62, 1.0), brown=(22, 0.50, 0.50), black=(0, 0.0, 0.22), white=(0, 0.0, 0.93))

def to_hsv(c):
    v, i = c.max(1); lo = c.min(1).values; d = (v - lo).clamp(min=1e-6); r, g, b = c.unbind(1)
    h = torch.where(i == 0, ((g - b) / d) % 6, torch.where(i == 1, (b - r) / d + 2, (r - g) / d + 4)) * 60
    return h, (v - lo) / v.clamp(min=1e-6), v

def to_rgb(h, s, v):
    f = lambda n: v - v * s * torch.minimum((k := (n + h / 60) % 6), 4 - k).clamp(0, 1)
    return torch.stack([f(5), f(3), f(1)], 1)

def recolour(rgba, word):
    """One picture with its dominant hue moved to a colour word; None where no hue dominates or it has that colour already."""
    c, a = floats(rgba[None]); plain = c / a.clamp(min=1e-3); h, s, v = to_hsv(plain.clamp(0, 1))
    w = (a[:, 0] > 0.9) & (s > 0.25) & (v > 0.15)
    if w.sum() < 0.25 * (a > 0.9).sum() or w.sum() < 300: return None
    rad = torch.deg2rad(h[w]); dom = torch.histc(h[w], 36, 0, 360); dom = (dom + dom.roll(1) + dom.roll(-1)).argmax() * 10 + 5
    near = (rad - torch.deg2rad(dom)); near = torch.atan2(near.sin(), near.cos()).abs() < np.deg2rad(38)
    if near.float().mean() < 0.55: return None
    hue, sat, val = COLOURS[word]
    off = (h - dom + 180) % 360 - 180; soft = ((48 - off.abs()) / 12).clamp(0, 1) * ((s - 0.12) / 0.12).clamp(0, 1)  # how much a pixel is of the hue
    s0, v0 = s[w][near].median(), v[w][near].median()
    if word not in ('black', 'white', 'brown') and abs((dom - hue + 180) % 360 - 180) < 22: return None
    flat = to_rgb((hue + off * 0.6) % 360, (s * sat / s0).clamp(0, 1), (v * (val / v0)).clamp(0, 1))
    out = plain + (flat - plain) * soft[:, None]
    return (torch.cat([out.clamp(0, 1) * a, a], 1)[0].permute(1, 2, 0) * 255).round().byte().numpy()

def deform(c, a, rng, shift=7, scale=0.10, turn=7, flip=None, hue=0.0):
    """Small random moves of [B, 3|1, H, W] (shift in pixels, scale down, turn in degrees); flip: [B] bool."""
    n = len(c); x = torch.cat([c, a], 1); r = lambda m: torch.from_numpy(rng.uniform(-m, m, n)).float()
    k = 1 / (1 - torch.from_numpy(rng.uniform(-0.3 * scale, scale, n)).float()); t = torch.deg2rad(r(turn)); sx, sy = r(2 * shift / SIZE), r(2 * shift / SIZE)
    m = torch.where(flip, -1.0, 1.0) if flip is not None else torch.ones(n)
    A = torch.stack([torch.stack([k * t.cos() * m, -k * t.sin(), sx], 1), torch.stack([k * t.sin() * m, k * t.cos(), sy], 1)], 1)
    x = F.grid_sample(x, F.affine_grid(A, x.shape, align_corners=False), align_corners=False)
    c, a = x[:, :3], x[:, 3:]
    if hue:  # a rotation about the grey axis, and brightness
        p = torch.deg2rad(r(hue)); co, si = p.cos(), p.sin() / 3 ** 0.5
        M = co[:, None, None] * torch.eye(3) + ((1 - co) / 3)[:, None, None] + si[:, None, None] * torch.tensor([[0, -1, 1], [1, 0, -1], [-1, 1, 0.]])
        c = torch.einsum('bij,bjhw->bihw', M, c) * (1 + r(0.05))[:, None, None, None]
        c = torch.minimum(c.clamp(min=0), a)
    return c, a

def embed(x):
    """Fixed untrained features: uint8 pictures [H, W, 3] (or PIL) -> 24x24 blurred pixels, darkness on white, of length one."""
    from PIL import Image, ImageFilter
    ims = [i if isinstance(i, Image.Image) else Image.fromarray(i) for i in x]
    v = np.stack([np.asarray(i.filter(ImageFilter.GaussianBlur(2)).resize((24, 24), Image.BOX), np.float32).ravel() for i in ims]) - 255
    return v / (np.linalg.norm(v, axis=1, keepdims=True) + 1e-6)

def on_white(rgba):
    """Premultiplied RGBA uint8 -> RGB uint8 on white."""
    return (rgba[..., :3].astype(np.int16) + 255 - rgba[..., 3:]).clip(0, 255).astype(np.uint8)
