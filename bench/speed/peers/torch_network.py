"""The benchmark's MMoE in PyTorch, with the experts in three forms, and Adam for dense and for sparse gradients."""

import torch
import torch.nn.functional as F
from torch import nn


class Network(nn.Module):
    """E experts F -> H1 -> H2, a gate a task on [x, role], a tower a task.

    Args:
        arrays: name -> parameter, see workloads.py.
        experts: `wide`, the first layers of all experts as one product of matrices, the second ones as a batched product;
            `bmm`, both as batched products; `loop`, one expert after the other.
    """

    def __init__(self, arrays, experts: str) -> None:
        super().__init__()
        self.experts = experts
        for name, array in arrays.items():
            if name not in ("w1", "b1", "w2", "b2"):
                setattr(self, name, nn.Parameter(torch.from_numpy(array)))
        w1, b1, w2, b2 = (torch.from_numpy(arrays[name]) for name in ("w1", "b1", "w2", "b2"))
        self.count, _, self.h1 = w1.shape
        if experts == "loop":
            self.w1 = nn.ParameterList(w.T.contiguous() for w in w1)
            self.w2 = nn.ParameterList(w.T.contiguous() for w in w2)
            self.b1, self.b2 = nn.ParameterList(b1.unbind()), nn.ParameterList(b2.unbind())
        else:
            wide = experts == "wide"
            self.w1 = nn.Parameter(w1.permute(0, 2, 1).flatten(0, 1).contiguous() if wide else w1)
            self.b1 = nn.Parameter(b1.flatten() if wide else b1[:, None])
            self.w2, self.b2 = nn.Parameter(w2), nn.Parameter(b2[:, None])

    def forward(self, x, role):
        """x (B, F), role (B,) with 0 = unknown -> logits (B, T)."""
        return self.after_first(self.first(x, self.b1), self.gate_logits(x, role))

    def first(self, x, bias):
        """The first layer of all experts, before its ReLU, as the form has it; bias as that of the form."""
        if self.experts == "loop":
            return [F.linear(x, w, b) for w, b in zip(self.w1, bias)]
        if self.experts == "wide":
            return F.linear(x, self.w1, bias)
        return torch.baddbmm(bias, x.expand(self.count, *x.shape), self.w1)

    def gate_logits(self, x, role):
        """(B, T E): with full gates the role's matrices apply as one product, of which each row keeps its role's part."""
        z = torch.addmm(self.gate_b, x, self.gate_w)
        known = F.one_hot(role, len(self.role_b) + 1)[:, 1:].to(x.dtype)
        z = z + known @ self.role_b
        if hasattr(self, "role_w"):
            roles, inputs, width = self.role_w.shape
            every = x @ self.role_w.permute(1, 0, 2).reshape(inputs, roles * width)
            z = z + (every.view(-1, roles, width) * known[:, :, None]).sum(1)
        return z

    def after_first(self, h, z):
        """Second layers, mixtures and towers."""
        gates = z.view(-1, len(self.tower_w1), self.count).softmax(-1)
        if self.experts == "loop":
            h = torch.stack([F.relu(F.linear(F.relu(one), w, b)) for one, w, b in zip(h, self.w2, self.b2)], 1)
        else:
            h = F.relu(h)
            if self.experts == "wide":
                h = h.view(-1, self.count, self.h1).transpose(0, 1)
            h = F.relu(torch.baddbmm(self.b2, h, self.w2)).transpose(0, 1)
        mixed = torch.bmm(gates, h).transpose(0, 1)
        hidden = F.relu(torch.baddbmm(self.tower_b1[:, None], mixed, self.tower_w1))
        return torch.baddbmm(self.tower_b2[:, None], hidden, self.tower_w2)[:, :, 0].T


def tensors(batch):
    """A batch as tensors."""
    for name in vars(batch):
        setattr(batch, name, torch.from_numpy(getattr(batch, name)))
    batch.role = batch.role.long()
    return batch


def objective(logits, labels, scale):
    """Masked and weighted binary cross-entropy from logits."""
    return (scale * F.binary_cross_entropy_with_logits(logits, labels, reduction="none")).sum()


def descend(loss, optimisers):
    """One step down from a loss."""
    for optimiser in optimisers:
        optimiser.zero_grad(set_to_none=True)
    loss.backward()
    for optimiser in optimisers:
        optimiser.step()


def looked_up(table, ids, dense):
    """x (B, F)."""
    return torch.cat((table(ids).flatten(1), dense), 1)


def optimisers(network, table):
    """Adam as one fused kernel; SparseAdam, which touches the rows of the batch alone, where the table's gradient is sparse."""
    if table.sparse:
        return [torch.optim.Adam(network.parameters(), fused=True), torch.optim.SparseAdam(table.parameters())]
    return [torch.optim.Adam([*network.parameters(), *table.parameters()], fused=True)]
