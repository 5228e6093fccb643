"""The latents that the UNet learns from: every picture several times, slightly moved, and recoloured ones under "<colour> <noun>"."""
import os
import numpy as np, torch, torch.nn.functional as F
import captions
from pictures import COLOURS, deform, embed, floats, load, load_meta, on_white, recolour

MOVES = dict(shift=4, scale=0.08, turn=6, hue=10)  # of real FOCUS pictures moved so, 99.1 % are still nearest to themselves in `embed`

def flippable(rgba):
    """Which pictures are still nearest to themselves when mirrored."""
    own = embed(on_white(rgba)); mirrored = embed(on_white(rgba[:, :, ::-1])); s = mirrored @ own.T
    return torch.from_numpy(s.argmax(1) == np.arange(len(s)))

def plan(meta, rgba):
    """Rows of (picture index, recoloured picture or None, caption or None, copies, weight)."""
    rows = [(e['index'], None, None, 24 if e['label'] in captions.FOCUS else 3, captions.weight(e, 'focus')) for e in meta]
    at = {e['label']: e['index'] for e in meta}; coloured = []
    for label, noun in captions.NOUNS.items():
        if label not in at: continue
        for word in COLOURS:
            if f'{word} {noun}' in at: continue  # a real picture has this name
            if (p := recolour(rgba[at[label]], word)) is not None: coloured.append((at[label], p, f'{word} {noun}', 5))
    share = 0.16 * sum(r[4] for r in rows) / len(coloured)
    return rows + [(*c, share) for c in coloured]

@torch.no_grad()
def build(vae, data, work, tick, log=print):
    """Latents [N, 4, 16, 16] in half precision (not yet whitened), the background's share of each cell, and whose they are.
    Parts are kept in work/bank: an interrupted start goes on."""
    meta, rgba = load_meta(data, 'flat'), load(data, 'flat'); flip = flippable(rgba); rows = plan(meta, rgba); os.makedirs(f'{work}/bank', exist_ok=True)
    log(f'{len(rows)} rows, {sum(r[3] for r in rows)} pictures, {flip.float().mean():.2f} flippable', flush=True)
    for part in range(0, len(rows), 50):
        path = f'{work}/bank/{part:05d}.pt'
        if os.path.exists(path): continue
        rng = np.random.default_rng(part); zs, bs = [], []
        for index, picture, _, copies, _ in rows[part:part + 50]:
            tick(); c, a = floats((rgba[index] if picture is None else picture)[None].repeat(copies, 0)); keep = copies // 8 or 1  # these stay as they are
            f = torch.from_numpy(rng.random(copies) < 0.3) & flip[index]
            c2, a2 = deform(c, a, rng, flip=f, **(MOVES if picture is None else MOVES | dict(hue=3))); c2[:keep], a2[:keep] = c[:keep], a[:keep]
            x = ((c2 + 1 - a2) * 2 - 1).contiguous(memory_format=torch.channels_last)
            zs.append(torch.cat([vae.encode(p).latent_dist.mean for p in x.split(8)]).half()); bs.append(F.avg_pool2d((a2 < 0.01).float(), 8).half())
        torch.save(dict(z=torch.cat(zs), background=torch.cat(bs)), path + '.part'); os.replace(path + '.part', path)
    parts = [torch.load(f'{work}/bank/{p:05d}.pt') for p in range(0, len(rows), 50)]
    owner = torch.repeat_interleave(torch.arange(len(rows)), torch.tensor([r[3] for r in rows]))
    return dict(z=torch.cat([p['z'] for p in parts]), background=torch.cat([p['background'] for p in parts]), owner=owner,
                rows=[(i, text, copies, weight) for i, _, text, copies, weight in rows])
