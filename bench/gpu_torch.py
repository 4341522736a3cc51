"""PyTorch's training steps of workload base on a GPU, timed for bench/gpu.py in an environment of its own.

    PYTHON bench/gpu_torch.py FOLDER FORM MODE PRECISION STEPS      prints one JSON object

FOLDER as `workloads.write` made it; FORM of the experts: loop, bmm, wide; MODE: eager, compiled, graphs (compiled with CUDA
graphs); PRECISION: float32 or tf32. Table gradients are sparse, with SparseAdam, which touches the rows of the batch alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "peers"))

import torch
from torch import nn
from torch_network import Network, objective, optimisers, tensors
from worker import Problem

WARM_UP = 10


def on_gpu(batch):
    """A batch of tensors, moved."""
    for name, value in vars(tensors(batch)).items():
        setattr(batch, name, value.cuda())
    return batch


def main() -> None:
    """Print the versions, the loss of the first step and the milliseconds of each timed step."""
    folder, form, mode, precision, steps = sys.argv[1:]
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"
    problem = Problem(folder)
    network = Network(problem.arrays, form).cuda()
    table = nn.Embedding.from_pretrained(torch.from_numpy(problem.tables).cuda(), freeze=False, sparse=True)
    made = optimisers(network, table)
    batches = [on_gpu(batch) for batch in problem.batches()]

    def loss_of(rows, dense, role, labels, scale):
        return objective(network(torch.cat((rows.flatten(1), dense), 1), role), labels, scale)

    if mode != "eager":
        loss_of = torch.compile(loss_of, mode="reduce-overhead" if mode == "graphs" else "default")

    def step(batch):
        loss = loss_of(table(batch.ids), batch.dense, batch.role, batch.labels, batch.scale)
        for optimiser in made:
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        for optimiser in made:
            optimiser.step()
        return loss

    first = float(step(batches[0]))
    for number in range(WARM_UP):
        step(batches[number % len(batches)])
    torch.cuda.synchronize()
    milliseconds = []
    for number in range(int(steps)):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        step(batches[number % len(batches)])
        end.record()
        end.synchronize()
        milliseconds.append(begin.elapsed_time(end))
    print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "loss": first, "ms": milliseconds}))


if __name__ == "__main__":
    main()
