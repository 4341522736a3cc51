"""PyTorch's training steps of workload base, and its products of matrices, on a GPU, timed for measure.py in its own environment.

    PYTHON bench/gpu/torch_steps.py steps FOLDER FORM MODE PRECISION STEPS      prints one JSON object
    PYTHON bench/gpu/torch_steps.py product PRECISION E M K N                   prints the TFLOP/s of E products (M, K) x (K, N)

FOLDER as `workloads.write` made it; FORM of the experts: loop, bmm, wide; MODE: eager, compiled, graphs (compiled with CUDA
graphs); PRECISION: float32 or tf32. Table gradients are sparse, with SparseAdam, which touches the rows of the batch alone.
"""

import json
import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "speed" / "peers"))

import torch
from torch import nn
from torch_network import Network, descend, objective, optimisers, tensors
from worker import Problem

WARM_UP = 10


def on_gpu(batch):
    """A batch of tensors, moved."""
    for name, value in vars(tensors(batch)).items():
        setattr(batch, name, value.cuda())
    return batch


def set_precision(precision: str) -> None:
    """float32 or tf32, of all products."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = precision == "tf32"


def timed(run, times: int) -> list[float]:
    """Milliseconds of each run, after some that are not counted."""
    for number in range(WARM_UP):
        run(number)
    torch.cuda.synchronize()
    milliseconds = []
    for number in range(times):
        begin, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        begin.record()
        run(number)
        end.record()
        end.synchronize()
        milliseconds.append(begin.elapsed_time(end))
    return milliseconds


def product(precision: str, *shape: str) -> None:
    """Print the TFLOP/s of E products at once; a run is enough of them for launches not to count."""
    set_precision(precision)
    e, m, k, n = map(int, shape)
    x, w = torch.randn(m, k, device="cuda"), torch.randn(e, k, n, device="cuda")
    flop = 2 * e * m * k * n
    repeated = max(1, int(2e11 // flop))
    x = x.expand(e, m, k) if e > 1 else x[None]

    def run(number: int) -> None:
        for _ in range(repeated):
            torch.bmm(x, w)

    print(repeated * flop / statistics.median(timed(run, 30)) / 1e9)


def steps(folder: str, form: str, mode: str, precision: str, times: str) -> None:
    """Print the versions, the loss of the first step and the milliseconds of each timed step."""
    set_precision(precision)
    problem = Problem(folder)
    network = Network(problem.arrays, form).cuda()
    table = nn.Embedding.from_pretrained(torch.from_numpy(problem.tables).cuda(), freeze=False, sparse=True)
    made = optimisers(network, table)
    batches = [on_gpu(batch) for batch in problem.batches()]

    def loss_of(rows, dense, role, labels, scale):
        return objective(network(torch.cat((rows.flatten(1), dense), 1), role), labels, scale)

    if mode != "eager":
        loss_of = torch.compile(loss_of, mode="reduce-overhead" if mode == "graphs" else "default")

    def step(number: int):
        batch = batches[number % len(batches)]
        loss = loss_of(table(batch.ids), batch.dense, batch.role, batch.labels, batch.scale)
        descend(loss, made)
        return loss

    first = step(0).item()
    print(json.dumps({"torch": torch.__version__, "cuda": torch.version.cuda, "loss": first, "ms": timed(step, int(times))}))


if __name__ == "__main__":
    {"steps": steps, "product": product}[sys.argv[1]](*sys.argv[2:])
