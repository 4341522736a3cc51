"""PyTorch for scoring, its parameters frozen. Variants: `compiled` (torch.compile) or `jit` (TorchScript), `wide` or `loop` experts."""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch_network import Network, looked_up, tensors
from worker import serve


class Plain(nn.Module):
    """Every row by itself."""

    def __init__(self, arrays, table, form):
        super().__init__()
        self.table, self.network = table, Network(arrays, form)

    def forward(self, ids, dense, role):
        return self.network(looked_up(self.table, ids, dense), role)


class Shared(nn.Module):
    """The candidates of one job and one role: the job's part of the first layer and of the gates is a bias for all rows."""

    def __init__(self, arrays, table, form, of_job):
        super().__init__()
        parts = []
        for columns in (of_job, ~of_job):
            own = {"w1": arrays["w1"][:, columns], "gate_w": arrays["gate_w"][columns]}
            if "role_w" in arrays:
                own["role_w"] = arrays["role_w"][:, columns]
            parts.append(Network(arrays | {name: np.ascontiguousarray(array) for name, array in own.items()}, form))
        self.table, self.form = table, form
        self.job, self.candidate = parts

    def forward(self, job_ids, ids, job_dense, dense, role):
        """job_ids (1, Cj), ids (n, C - Cj), job_dense (1, NDj), dense (n, ND - NDj), role (1,)."""
        job, x = looked_up(self.table, job_ids, job_dense), looked_up(self.table, ids, dense)
        part = self.job.first(job, self.job.b1)
        bias = [one[0] for one in part] if self.form == "loop" else part[0]
        z, gate = self.job.gate_logits(job, role), self.candidate.gate_w
        if hasattr(self.candidate, "role_w"):
            known = F.one_hot(role, len(self.job.role_b) + 1)[0, 1:].to(x.dtype)
            gate = gate + torch.tensordot(known, self.candidate.role_w, 1)
        return self.candidate.after_first(self.candidate.first(x, bias), x @ gate + z)


class TorchFrozen:
    packages = ("torch",)

    @torch.no_grad()
    def prepare(self, problem, threads, variant):
        torch.set_num_threads(threads)
        how, form = variant.split(", ")
        sizes, self.batches = problem.sizes, [tensors(batch) for batch in problem.batches()]
        table = nn.Embedding.from_pretrained(torch.from_numpy(problem.tables))
        of_job = np.zeros(sizes.fields * sizes.width + sizes.dense, bool)
        of_job[: sizes.job_fields * sizes.width] = True
        of_job[sizes.fields * sizes.width :][: sizes.job_dense] = True
        models = {False: Plain(problem.arrays, table, form), True: Shared(problem.arrays, table, form, of_job)}
        fields, dense = sizes.job_fields, sizes.job_dense
        self.inputs = {False: [(b.ids, b.dense, b.role) for b in self.batches], True: []}
        for b in self.batches:
            own_ids, own_dense = b.ids[:, fields:].contiguous(), b.dense[:, dense:].contiguous()
            self.inputs[True].append((b.ids[:1, :fields], own_ids, b.dense[:1, :dense], own_dense, b.role[:1]))
        if how == "compiled":
            torch._inductor.config.freezing = True
            self.models = {shared: torch.compile(model.eval()) for shared, model in models.items()}
        else:
            traced = {shared: torch.jit.trace(model.eval(), self.inputs[shared][0]) for shared, model in models.items()}
            self.models = {shared: torch.jit.optimize_for_inference(torch.jit.freeze(model)) for shared, model in traced.items()}

    @torch.inference_mode()
    def request(self, number, shared):
        return self.models[shared](*self.inputs[shared][number]).numpy()

    @torch.inference_mode()
    def bulk(self, chunk):
        model, parts = self.models[False], [one.split(chunk) for one in self.inputs[False][-1]]
        return torch.cat([model(*part) for part in zip(*parts)]).numpy()


if __name__ == "__main__":
    serve(TorchFrozen())
