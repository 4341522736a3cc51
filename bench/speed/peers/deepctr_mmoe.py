"""DeepCTR-Torch's own MMOE at the same sizes.

Its gates know no role and have no bias, so its loss cannot equal ours. The loop around it is the plain one of PyTorch, with
the fused Adam and without its penalty on whole tables; its tables have dense gradients, as it makes them. All inputs come
as one float matrix, as its `fit` makes it.
"""

import sys
from types import ModuleType

import torch
from rechub_mmoe import RechubMMoE
from torch_network import tensors
from worker import serve

sys.modules["requests"] = ModuleType("requests")  # its import asks PyPI for a newer version; without this package it cannot
from deepctr_torch.inputs import DenseFeat, SparseFeat  # noqa: E402
from deepctr_torch.models import MMOE  # noqa: E402


class DeepctrMMoE(RechubMMoE):
    packages = ("deepctr-torch", "torch")

    def prepare(self, problem, threads, variant):
        torch.set_num_threads(threads)
        sizes = problem.sizes
        columns = [SparseFeat(f"field{i}", sizes.vocabulary, sizes.width) for i in range(sizes.fields)]
        columns.append(DenseFeat("dense", sizes.dense))
        tasks = {"task_types": ["binary"] * 3, "task_names": ["ctr", "cvr", "relevance"]}
        layers = sizes.experts, (sizes.h1, sizes.h2), (), (sizes.h3,)
        self.model = MMOE(columns, *layers, l2_reg_embedding=0, init_std=0.05, **tasks)
        self.optimisers = [torch.optim.Adam(self.model.parameters(), fused=True)]
        self.batches = [tensors(batch) for batch in problem.batches()]
        for batch in self.batches:
            ids = batch.ids - torch.arange(sizes.fields) * sizes.vocabulary
            batch.inputs = torch.cat((ids.float(), batch.dense), 1)


if __name__ == "__main__":
    serve(DeepctrMMoE())
