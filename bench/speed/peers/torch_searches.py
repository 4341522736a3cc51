"""PyTorch, by hand, on whole searches: what their rows share is looked up and multiplied once a search, and so are its gradients.

Variants: form of experts (`wide`, `loop`), gradients of tables (`sparse`, `dense`), `compiled` with torch.compile. Gates `bias` alone.
"""

import torch
import torch.nn.functional as F
from torch_eager import TorchEager
from torch_network import Network, objective
from worker import serve


class SearchNetwork(Network):
    """The first layers and the gates as two products: of a row's own columns, and of its search's; each part is a parameter of its own.

    Args:
        arrays, experts: as those of `Network`. shared, own: columns of x. rows: of a search.
    """

    def __init__(self, arrays, experts, shared, own, rows):
        parts = [
            {name: array.take(columns, -2) if name in ("w1", "gate_w") else array for name, array in arrays.items()}
            for columns in (shared, own)
        ]
        super().__init__(parts[1], experts)
        self.shared, self.rows = Network(parts[0], experts), rows
        used = ("w1.", "w1", "gate_w")
        for name, parameter in self.shared.named_parameters():
            parameter.requires_grad_(name.startswith(used))

    def spread(self, z, count):
        """(count, N) what the search of each row has come to; the last search may be short. Backward that is a sum over a new axis."""
        whole = z[: count // self.rows].repeat_interleave(self.rows, 0)
        return torch.cat((whole, z[-1:].expand(count - len(whole), -1))) if len(whole) < count else whole

    def forward(self, x, role):
        """x: X (S, .) of the searches, x'' (B, .); role (S,)."""
        of_search, own = x
        count = len(own)
        if self.experts == "loop":
            begun = [F.linear(of_search, w, b) for w, b in zip(self.shared.w1, self.b1)]
            h = [torch.add(F.linear(own, w), self.spread(z, count)) for w, z in zip(self.w1, begun)]
        else:
            h = F.linear(own, self.w1) + self.spread(F.linear(of_search, self.shared.w1, self.b1), count)
        known = F.one_hot(role, len(self.role_b) + 1)[:, 1:].to(own.dtype)
        z = torch.addmm(self.gate_b, of_search, self.shared.gate_w) + known @ self.role_b
        return self.after_first(h, own @ self.gate_w + self.spread(z, count))


class TorchSearches(TorchEager):
    """The job's fields and dense columns come first; so does the role of a search's first row."""

    def prepare(self, problem, threads, variant):
        form, gradients, *compiled = variant.split(", ")
        super().prepare(problem, threads, f"{form}, {gradients}")
        sizes, rows = problem.sizes, problem.facts["search_rows"]
        fields, width = sizes.job_fields * sizes.width, sizes.fields * sizes.width
        shared = [*range(fields), *range(width, width + sizes.job_dense)]
        own = [*range(fields, width), *range(width + sizes.job_dense, width + sizes.dense)]
        self.network = SearchNetwork(problem.arrays, form, shared, own, rows)
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        tables = [*self.table.parameters()]
        if self.table.sparse:
            self.optimisers = [torch.optim.Adam(trained, fused=True), torch.optim.SparseAdam(tables)]
        else:
            self.optimisers = [torch.optim.Adam([*trained, *tables], fused=True)]
        for batch in self.batches:
            batch.of_search = batch.ids[::rows, : sizes.job_fields].contiguous(), batch.dense[::rows, : sizes.job_dense].contiguous()
            batch.own = batch.ids[:, sizes.job_fields :].contiguous(), batch.dense[:, sizes.job_dense :].contiguous()
            batch.role = batch.role[::rows].contiguous()
        self.network_of = torch.compile(self.network) if compiled else self.network

    def forward(self, batch):
        x = tuple(torch.cat((self.table(ids).flatten(1), dense), 1) for ids, dense in (batch.of_search, batch.own))
        return self.network_of(x, batch.role)

    def objective(self, batch):
        return objective(self.forward(batch), batch.labels, batch.scale)


if __name__ == "__main__":
    serve(TorchSearches())
