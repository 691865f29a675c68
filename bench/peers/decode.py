"""Prefill and decoding with a static cache, tokens drawn on the device: python3 decode.py SHAPE DEVICE PROMPT ROWS ..."""
import sys
import time

import torch
from llama import Llama

shape, device, prompt = sys.argv[1], sys.argv[2], int(sys.argv[3])
batches = [int(rows) for rows in sys.argv[4:]]
short, new = 128, 128


def wait():
    if device != "cpu":
        torch.cuda.synchronize()
    return time.perf_counter()


with torch.no_grad():
    model = Llama(shape, device, torch.float32 if device == "cpu" else torch.bfloat16)
    tokens = torch.randint(model.vocab, (1, prompt), device=device)
    times = []
    for _ in range(4):
        begun = wait()
        model.logits(model.hidden(tokens, model.cache(1, prompt))[:, -1])
        times.append(wait() - begun)
    print(f"PyTorch {torch.__version__}: {shape} prefill of {prompt}: {prompt / sorted(times[1:])[1]:.0f} tok/s")
    for rows in batches:
        cache = model.cache(rows, short + new)
        model.hidden(tokens[:, :short].expand(rows, -1), cache)
        last = tokens[:, :1].expand(rows, -1)
        begun = wait()
        for step in range(new):
            logits = model.logits(model.hidden(last, cache, short + step)[:, -1])
            last = torch.multinomial(torch.softmax(logits.float(), -1), 1)
        print(f"PyTorch {torch.__version__}: {shape} decode {rows} rows: {rows * new / (wait() - begun):.0f} tok/s")
