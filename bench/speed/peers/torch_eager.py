"""PyTorch, eager. Variants: form of experts (`wide`, `bmm`, `loop`), gradients of tables (`sparse`, `dense`), `autocast` to bfloat16."""

import torch
from torch import nn
from torch_network import Network, descend, looked_up, objective, optimisers, tensors
from worker import serve


class TorchEager:
    """One table for all fields: one look-up."""

    packages = ("torch",)

    def prepare(self, problem, threads, variant):
        torch.set_num_threads(threads)
        form, gradients, *autocast = variant.split(", ")
        self.autocast = torch.autocast("cpu", torch.bfloat16, enabled=bool(autocast))
        self.network = Network(problem.arrays, form)
        self.table = nn.Embedding.from_pretrained(torch.from_numpy(problem.tables), freeze=False, sparse=gradients == "sparse")
        self.optimisers = optimisers(self.network, self.table)
        self.batches = [tensors(batch) for batch in problem.batches()]

    def forward(self, batch):
        return self.network(looked_up(self.table, batch.ids, batch.dense), batch.role)

    def objective(self, batch):
        return objective(self.forward(batch), batch.labels, batch.scale)

    @torch.no_grad()
    def logits(self, number):
        with self.autocast:
            return self.forward(self.batches[number]).float()

    def loss(self, number):
        with self.autocast:
            return self.objective(self.batches[number]).item()

    def step(self, number):
        with self.autocast:
            loss = self.objective(self.batches[number])
        descend(loss, self.optimisers)
        return loss.item()


if __name__ == "__main__":
    serve(TorchEager())
