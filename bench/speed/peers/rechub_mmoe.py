"""torch-rechub's own MMOE at the same sizes.

Its gates know no role, and it puts batch normalisation behind every layer, gates included, so its loss cannot equal ours.
The loop around it is the plain one of PyTorch, with the fused Adam; its tables have dense gradients, as it makes them.
"""

import torch
import torch.nn.functional as F
from torch_eager import TorchEager
from torch_network import tensors
from torch_rechub.basic.features import DenseFeature, SparseFeature
from torch_rechub.models.multi_task import MMOE
from worker import serve


class RechubMMoE(TorchEager):
    """Its loss and its steps, by the loop of eager PyTorch."""

    packages = ("torch-rechub", "torch")

    def prepare(self, problem, threads, variant):
        torch.set_num_threads(threads)
        sizes = problem.sizes
        features = [SparseFeature(f"field{i}", sizes.vocabulary, sizes.width) for i in range(sizes.fields)]
        features.append(DenseFeature("dense", sizes.dense))
        experts = {"dims": [sizes.h1, sizes.h2], "activation": "relu"}
        towers = [{"dims": [sizes.h3], "activation": "relu"}] * 3
        self.model = MMOE(features, ["classification"] * 3, sizes.experts, experts, towers)
        self.optimisers = [torch.optim.Adam(self.model.parameters(), fused=True)]
        self.batches = [tensors(batch) for batch in problem.batches()]
        for batch in self.batches:
            ids = batch.ids - torch.arange(sizes.fields) * sizes.vocabulary
            batch.inputs = {f"field{i}": column.contiguous() for i, column in enumerate(ids.unbind(1))} | {"dense": batch.dense}

    def objective(self, batch):
        return (batch.scale * F.binary_cross_entropy(self.model(batch.inputs), batch.labels, reduction="none")).sum()


if __name__ == "__main__":
    serve(RechubMMoE())
