"""Every architecture in PyTorch, written from its paper; parameters have the names that ours have. It needs PyTorch and NumPy alone.

Of the role, what ours lets it add to a linear layer: x W + b + x U_r + c_r. Networks that read the same kind of input are computed one
after the other (`loop`), or side by side as batched products (`wide`).
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn


class Architecture(nn.Module):
    """Logits (B, T) of ids (B, C), role (B,) with 0 = unknown, dense (B, n).

    Args:
        facts: architecture; tasks; given, task -> the task that it is conditional on; fields, name -> categories, of those in x;
            experts, task_experts, shared_experts, levels; depth of an expert and of a tower, temperature.
        arrays: name -> parameter.
        form: `loop` or `wide`. sparse: whether the gradients of the tables are.
    """

    def __init__(self, facts: dict, arrays: dict[str, np.ndarray], form: str = "loop", sparse: bool = True) -> None:
        super().__init__()
        self.facts, self.arrays, self.form, self.tasks = facts, arrays, form, facts["tasks"]
        owners = [f"{task}." for task in self.tasks] if facts["architecture"] == "single_task" else [""]
        self.tables = nn.ModuleList()
        for owner in owners:  # one table for all fields: one look-up
            rows = np.concatenate([arrays[f"{owner}embedding.{name}"] for name in facts["fields"]])
            self.tables.append(nn.Embedding.from_pretrained(torch.from_numpy(rows), freeze=False, sparse=sparse))
        sizes = list(facts["fields"].values())
        self.register_buffer("first", torch.tensor([sum(sizes[:i]) for i in range(len(sizes))]))
        self.held = nn.ParameterDict()  # made when they are first asked for

    def forward(self, ids, role, dense):
        self.role, ids = role, ids + self.first
        x = [torch.cat((table(ids).flatten(1), dense), 1) for table in self.tables]
        mixed = getattr(self, self.facts["architecture"])(x[0] if len(x) == 1 else x)
        if self.facts["architecture"] == "role_towers":
            return torch.cat([self.role_tower(f"tower.{task}", m) for task, m in zip(self.tasks, mixed)], 1)
        towers = [f"tower.{task}" for task in self.tasks]
        hidden = self.networks(towers, mixed, self.facts["tower_depth"])
        return torch.cat([self.layer(f"{name}.out", h) for name, h in zip(towers, hidden)], 1)

    # --- the architectures: the input of each task's tower ---------------------------------------

    def single_task(self, xs):
        return self.experts([f"network.{task}" for task in self.tasks], xs)

    def esmm(self, x):
        return self.single_task([x] * len(self.tasks))

    def shared_bottom(self, x):
        return self.experts(["bottom"], [x]) * len(self.tasks)

    role_towers = shared_bottom

    def omoe(self, x):
        return [self.mmoe(x, groups=1)[0]] * len(self.tasks)

    def mmoe(self, x, groups=None):
        names = [f"expert.{e}" for e in range(self.facts["experts"])]
        h = torch.stack(self.experts(names, [x] * len(names)), 1)
        z = self.role_layer("gate", x).view(len(x), groups or len(self.tasks), len(names))
        return ((z / self.facts["temperature"]).softmax(-1) @ h).unbind(1)

    def cgc(self, x):
        return self.ple(x, levels=1)

    def ple(self, x, levels=None):
        levels = levels or self.facts["levels"]
        counts = dict.fromkeys(self.tasks, self.facts["task_experts"]) | {"shared": self.facts["shared_experts"]}
        inputs = dict.fromkeys(counts, x)
        for level in range(levels):
            names = {owner: [f"level{level}.{owner}.{e}" for e in range(count)] for owner, count in counts.items()}
            every = [name for some in names.values() for name in some]
            h = dict(zip(every, self.experts(every, [inputs[owner] for owner, some in names.items() for _ in some])))
            last = level == levels - 1
            mixed = {}
            for owner, some in names.items():
                if owner != "shared" or not last:
                    seen = [h[name] for name in (every if owner == "shared" else some + names["shared"])]
                    mixed[owner] = self.extracted(f"level{level}.gate.{owner}", inputs[owner], seen)
            inputs = mixed
        return [inputs[task] for task in self.tasks]

    def extracted(self, gate, x, experts):
        g = (self.role_layer(gate, x) / self.facts["temperature"]).softmax(-1)
        return (g[:, None] @ torch.stack(experts, 1))[:, 0]

    def aitm(self, x):
        own = dict(zip(self.tasks, self.esmm(x)))
        for task in self.tasks:  # a task stands behind the one that it is given
            before = self.facts["given"].get(task)
            if before:
                own[task] = self.attended(f"attention.{task}", [self.relu(f"transfer.{task}.0", own[before]), own[task]])
        return list(own.values())

    def attended(self, name, sources):
        u = torch.stack(sources, 1)
        key, query, value = (self.layer(f"{name}.{part}", u) for part in ("key", "query", "value"))
        w = ((key * query).sum(2) / u.shape[2] ** 0.5).softmax(1)
        return (w[:, :, None] * value).sum(1)

    def pepnet(self, x):
        x, towers = self.scaled("inputs", x, x), []
        for task in self.tasks:
            h = x
            for depth in range(self.facts["expert_depth"]):
                h = self.scaled(f"modulation.{task}.{depth}", x, self.relu(f"network.{task}.{depth}.0", h))
            towers.append(h)
        return towers

    def scaled(self, name, x, h):
        return 2 * torch.sigmoid(self.layer(f"{name}.out", F.relu(self.role_layer(f"{name}.hidden", x)))) * h

    def role_tower(self, name, m):
        for depth in range(self.facts["tower_depth"]):
            m = F.relu(self.role_layer(f"{name}.{depth}", m))
        return self.role_layer(f"{name}.out", m)

    # --- layers ---------------------------------------------------------------------------------

    def held_as(self, name, make):
        """A parameter, made from our arrays where it is not there yet."""
        name = name.replace(".", "_")
        if name not in self.held:
            self.held[name] = nn.Parameter(torch.from_numpy(np.ascontiguousarray(make())))
        return self.held[name]

    def layer(self, name, x):
        """x W + b."""
        weight = self.held_as(f"{name}.weight", lambda: self.arrays[f"{name}.weight"].T)
        return F.linear(x, weight, self.held_as(f"{name}.bias", lambda: self.arrays[f"{name}.bias"]))

    def relu(self, name, x):
        return F.relu(self.layer(name, x))

    def role_layer(self, name, x):
        """x W + b + x U_r + c_r: the roles' matrices apply as one product, of which each row keeps its role's part."""
        z = self.layer(name, x)
        if f"{name}.role_bias" not in self.arrays:
            return z
        bias = self.held_as(f"{name}.role_bias", lambda: self.arrays[f"{name}.role_bias"])
        known = F.one_hot(self.role, len(bias) + 1)[:, 1:].to(x.dtype)
        z = z + known @ bias
        if f"{name}.role_weight" in self.arrays:
            roles, _, width = self.arrays[f"{name}.role_weight"].shape
            weight = self.held_as(
                f"{name}.role_weight", lambda: self.arrays[f"{name}.role_weight"].transpose(0, 2, 1).reshape(roles * width, -1)
            )
            z = z + (F.linear(x, weight).view(-1, roles, width) * known[:, :, None]).sum(1)
        return z

    def experts(self, names, xs):
        return self.networks(names, xs, self.facts["expert_depth"])

    def networks(self, names, xs, depth):
        """Of each name the output of its layers with ReLU, on an input of its own or the same one."""
        if self.form == "loop" or len(names) == 1 or not depth:
            for layer in range(depth):
                xs = [self.relu(f"{name}.{layer}", x) for name, x in zip(names, xs)]
            return xs
        if all(x is xs[0] for x in xs):  # one product for all first layers
            weight = self.stacked(names, "0.weight", lambda w: np.concatenate([one.T for one in w]))
            h = F.relu(F.linear(xs[0], weight, self.stacked(names, "0.bias", np.concatenate)))
            h, first = h.view(len(h), len(names), -1).transpose(0, 1), 1
        else:
            h, first = torch.stack(xs), 0
        for layer in range(first, depth):
            h = F.relu(torch.baddbmm(self.stacked(names, f"{layer}.bias")[:, None], h, self.stacked(names, f"{layer}.weight")))
        return list(h.unbind(0))

    def stacked(self, names, part, join=np.stack):
        """A parameter of several networks as one."""
        return self.held_as(f"{'+'.join(names)}.{part}", lambda: join([self.arrays[f"{name}.{part}"] for name in names]))
