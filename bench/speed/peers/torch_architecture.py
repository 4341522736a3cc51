"""Any architecture in PyTorch. Variants: `eager` or `compiled`, networks as `loop` or `wide`, gradients of tables `sparse` or `dense`."""

import numpy as np
import torch
from torch_architectures import Architecture
from torch_network import descend, objective, tensors
from worker import serve


class TorchArchitecture:
    """Adam as one fused kernel; SparseAdam where the gradients of the tables are sparse."""

    packages = ("torch",)

    def prepare(self, problem, threads, variant):
        torch.set_num_threads(threads)
        mode, form, gradients = variant.split(", ")
        sparse = gradients == "sparse"
        self.batches = [tensors(problem.rows(number)) for number in range(len(problem.kinds))]
        self.network = Architecture(problem.facts, problem.arrays, form, sparse)
        self.logits(0)  # makes the parameters
        dense = list(self.network.held.parameters())
        tables = list(self.network.tables.parameters())
        self.optimisers = [torch.optim.Adam(dense if sparse else dense + tables, fused=True)]
        self.optimisers += [torch.optim.SparseAdam(tables)] if sparse else []
        self.forward = torch.compile(self.network) if mode == "compiled" else self.network

    def objective(self, batch):
        return objective(self.forward(batch.ids, batch.role, batch.dense), batch.labels, batch.scale)

    @torch.no_grad()
    def logits(self, number):
        batch = self.batches[number]
        return np.asarray(self.network(batch.ids, batch.role, batch.dense))

    def loss(self, number):
        return self.objective(self.batches[number]).item()

    def step(self, number):
        loss = self.objective(self.batches[number])
        descend(loss, self.optimisers)
        return loss.item()


if __name__ == "__main__":
    serve(TorchArchitecture())
