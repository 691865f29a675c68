"""A Llama in plain PyTorch, as one would write it: what Hone's steps and passes are measured beside.

Functional, so that one forward pass serves training and decoding; runs on PyTorch 1.13 (Debian 12's python3-torch) and later.
"""
import torch
import torch.nn.functional as F

# vocabulary, hidden, inner, layers, heads, key-value heads, tied embeddings: bench/Training/Shapes.cs
SHAPES = {
    "tiny": (512, 64, 128, 2, 4, 2, True),
    "15m": (32000, 288, 768, 6, 6, 6, True),
    "110m": (32000, 768, 2048, 12, 12, 12, True),
    "1b": (128256, 2048, 8192, 16, 32, 8, True),
    "8b": (128256, 4096, 14336, 32, 32, 8, False),
}


class Llama:
    def __init__(self, shape, device, dtype, trains=False):
        vocab, hidden, inner, self.layers, self.heads, self.kv_heads, tied = SHAPES[shape]
        self.vocab, self.dim = vocab, hidden // self.heads
        make = lambda *size: torch.empty(size, device=device, dtype=dtype).normal_(0, 0.02).requires_grad_(trains)
        ones = lambda: torch.ones(hidden, device=device, dtype=dtype).requires_grad_(trains)
        kv = self.kv_heads * self.dim
        self.embed = make(vocab, hidden)
        self.head = self.embed if tied else make(vocab, hidden)
        self.norm = ones()
        self.blocks = [
            dict(n1=ones(), q=make(hidden, hidden), k=make(kv, hidden), v=make(kv, hidden), o=make(hidden, hidden),
                 n2=ones(), gate=make(inner, hidden), up=make(inner, hidden), down=make(hidden, inner))
            for _ in range(self.layers)
        ]
        angles = torch.outer(torch.arange(8192).float(), 10000.0 ** (-torch.arange(0, self.dim, 2).float() / self.dim))
        self.cos = torch.cat([angles, angles], 1).cos().to(device, dtype)
        self.sin = torch.cat([angles, angles], 1).sin().to(device, dtype)

    def parameters(self):
        own = [self.embed, self.norm] + ([] if self.head is self.embed else [self.head])
        return own + [w for block in self.blocks for w in block.values()]

    def cache(self, rows, length):
        like = self.embed
        return [[torch.zeros(rows, self.kv_heads, length, self.dim, device=like.device, dtype=like.dtype) for _ in "kv"]
                for _ in range(self.layers)]

    def hidden(self, tokens, cache=None, at=0):
        """tokens [batch, time] from position `at` on; keys and values go into `cache`, whose first at + time are seen."""
        rows, time = tokens.shape
        cos, sin = self.cos[at:at + time], self.sin[at:at + time]
        x = F.embedding(tokens, self.embed)
        for i, b in enumerate(self.blocks):
            h = rms(x, b["n1"])
            q, k, v = (F.linear(h, b[n]).view(rows, time, -1, self.dim).transpose(1, 2) for n in "qkv")
            q, k = rotate(q, cos, sin), rotate(k, cos, sin)
            if cache is not None:
                cache[i][0][:, :, at:at + time], cache[i][1][:, :, at:at + time] = k, v
                k, v = (c[:, :, :at + time] for c in cache[i])
            mixed = attend(q, k, v, self.heads // self.kv_heads)
            x = x + F.linear(mixed.transpose(1, 2).reshape(rows, time, -1), b["o"])
            h = rms(x, b["n2"])
            x = x + F.linear(F.silu(F.linear(h, b["gate"])) * F.linear(h, b["up"]), b["down"])
        return rms(x, self.norm)

    def logits(self, hidden):
        return F.linear(hidden, self.head)


def rms(x, weight):
    wide = x.float()
    return (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype) * weight


def rotate(x, cos, sin):
    a, b = x.chunk(2, -1)
    return x * cos + torch.cat([-b, a], -1) * sin


# PyTorch 2.5 and later read a key for a group of heads without a copy for each.
GROUPED = "enable_gqa" in (getattr(getattr(F, "scaled_dot_product_attention", None), "__doc__", None) or "")


def attend(q, k, v, groups):
    causal = q.shape[2] > 1  # a single query sees all that is there
    if groups > 1 and GROUPED:
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal, enable_gqa=True)
    if groups > 1:
        k, v = (t.repeat_interleave(groups, 1) for t in (k, v))
    if hasattr(F, "scaled_dot_product_attention"):
        return F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(-1, -2) / q.shape[-1] ** 0.5
    if causal:
        scores = scores + torch.full(scores.shape[-2:], float("-inf"), device=q.device, dtype=q.dtype).triu(1)
    return scores.softmax(-1) @ v
