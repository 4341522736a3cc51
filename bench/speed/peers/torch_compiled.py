"""torch.compile. Variants as those of torch_eager.py but `bmm`; with `sparse` the look-up stays outside."""

import torch
from torch_eager import TorchEager
from torch_network import looked_up, objective
from worker import serve


class TorchCompiled(TorchEager):
    """Network and loss are one compiled function; Adam is PyTorch's fused kernel, as in eager mode."""

    def prepare(self, problem, threads, variant):
        super().prepare(problem, threads, variant)
        network, table = self.network, self.table

        def loss_of(rows, batch_dense, role, labels, scale):
            x = torch.cat((rows.flatten(1), batch_dense), 1) if table.sparse else looked_up(table, rows, batch_dense)
            return objective(network(x, role), labels, scale)

        self.loss_of = torch.compile(loss_of)

    def objective(self, batch):
        rows = self.table(batch.ids) if self.table.sparse else batch.ids
        return self.loss_of(rows, batch.dense, batch.role, batch.labels, batch.scale)


if __name__ == "__main__":
    serve(TorchCompiled())
