"""SFT steps (forward, backward, clipping, AdamW) of 8 sequences of 256 tokens in fp32: python3 sft_step.py SHAPE [STEPS] [DEVICE]"""
import sys
import time

import torch
import torch.nn.functional as F
from llama import Llama

shape, steps, device = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3, sys.argv[3] if len(sys.argv) > 3 else "cpu"
torch.manual_seed(1)
model = Llama(shape, device, torch.float32, trains=True)
optimiser = torch.optim.AdamW(model.parameters(), 1e-4)
tokens = torch.randint(model.vocab, (8, 256), device=device)
times = []
for step in range(steps + 1):
    begun = time.perf_counter()
    optimiser.zero_grad()
    logits = model.logits(model.hidden(tokens)[:, :-1])
    loss = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten())
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
    optimiser.step()
    value = loss.item()
    times.append(time.perf_counter() - begun)
median = sorted(times[1:])[steps // 2]
print(f"PyTorch {torch.__version__}: sft {shape} fp32 {median * 1000:.0f} ms a step, {tokens.numel() / median:.0f} tok/s, loss {value:.4f}")
