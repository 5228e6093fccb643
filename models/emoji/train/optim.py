"""Muon (Jordan et al. 2024) for the matrices inside a network, AdamW for the rest; threads that step aside for other work."""
import os, time
import torch

NARROW = torch.bfloat16 if 'avx512_bf16' in open('/proc/cpuinfo').read() else torch.float32  # enough for Muon's iterations, and twice as fast there

def orthogonalise(g, steps=5):
    """Nearly the nearest semi-orthogonal matrices of g [B, m, n], by quintic Newton-Schulz iterations."""
    t = g.shape[-2] > g.shape[-1]
    x = g.mT.contiguous() if t else g
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        a = x @ x.mT; x = torch.baddbmm(x, torch.baddbmm(a, a, a, beta=-4.7750, alpha=2.0315), x, beta=3.4445)
    return x.mT if t else x

def rows(p):
    """A weight as a matrix with one row an output. The columns' order is free, so that channels-last weights aren't copied."""
    return (p.permute(0, 2, 3, 1) if p.ndim == 4 else p).reshape(len(p), -1)

class Muon(torch.optim.Optimizer):
    """params: weights of two or more dimensions. The update's root mean square is 0.2 lr, like AdamW's."""
    def __init__(self, params, lr=1e-3, momentum=0.95, weight_decay=0.0):
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self):
        for g in self.param_groups:
            shapes = {}
            for p in g['params']:
                if p.grad is not None: shapes.setdefault((p.shape[0], p[0].numel()), []).append(p)
            for (m, n), ps in shapes.items():
                us = []
                for p in ps:
                    s = self.state[p]; b = s.setdefault('m', torch.zeros_like(p)); b.lerp_(p.grad, 1 - g['momentum'])
                    us.append(rows(p.grad.lerp(b, g['momentum'])).to(NARROW))
                for p, u in zip(ps, orthogonalise(torch.stack(us))):
                    p.mul_(1 - g['lr'] * g['weight_decay']); p.add_((u.view(m, *p.shape[2:], -1).permute(0, 3, 1, 2) if p.ndim == 4 else u).to(p.dtype), alpha=-0.2 * g['lr'] * max(m, n) ** 0.5)

def make(named, lr, muon=True, inner=lambda k, p: p.ndim >= 2, wd=1e-3, scale=lambda k: 1.0):
    """Optimisers for named parameters; set_lr gives them their rate."""
    named = [(k, p) for k, p in named if p.requires_grad]; inside = [(k, p) for k, p in named if muon and inner(k, p)]
    ids = {id(p) for _, p in inside}; rest = [(k, p) for k, p in named if id(p) not in ids]
    def groups(l):
        by = {}
        for k, p in l: by.setdefault(scale(k), []).append(p)
        return [dict(params=ps, lr=lr * s, scale=s) for s, ps in by.items()]
    opts = [torch.optim.AdamW(groups(rest), betas=(0.9, 0.98), weight_decay=wd, fused=True)]
    if inside: opts.append(Muon(groups(inside), weight_decay=wd))
    return opts

def set_lr(opts, lr):
    for o in opts:
        for g in o.param_groups: g['lr'] = lr * g.get('scale', 1.0)

def save(path, **state):
    """Atomic: a kill at any time leaves the old file or the new one."""
    torch.save(state, path + '.part'); os.replace(path + '.part', path)

class Pace:
    """Uses both cores while the machine is otherwise idle, else one thread (meant for a process at nice 19)."""
    def __init__(self, fixed=0):
        self.fixed, self.last, self.old = fixed, 0.0, None; self.tick()

    def tick(self):
        now = time.time()
        if now - self.last < 15: return
        user, _nice, system, *_ = map(int, open('/proc/stat').readline().split()[1:])
        if self.old is not None:
            busy = (user + system - self.old) / os.sysconf('SC_CLK_TCK') / (now - self.last)  # cores used by others: ours counts as nice
            torch.set_num_threads(self.fixed or (os.cpu_count() if busy < 0.3 else 1))
        else: torch.set_num_threads(self.fixed or 1)
        self.last, self.old = now, user + system
