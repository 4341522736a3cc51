"""Every architecture again, each written for itself in plain NumPy loops over rows: they share no line with a plan.

Parameters come by name; a bag's mean, a gate's softmax and a mixture are spelled out for one row.
"""

import numpy as np


def embed(p, batch, spec, hidden, owner=""):
    """Embeddings, mean embeddings and dense features of every row, in that order."""
    rows = []
    for b in range(len(batch)):
        parts = [p[f"{owner}embedding.{name}"][batch.ids[b, i]] for i, (name, _) in enumerate(spec.categorical) if name not in hidden]
        for (name, _), bag in zip(spec.bags, batch.bags):
            table = p[f"{owner}embedding.{name}"]
            entity = bag.entity[b]
            ids = bag.ids[bag.offsets[entity] : bag.offsets[entity + 1]]
            parts.append(sum((table[i] for i in ids), np.zeros(table.shape[1])) / max(len(ids), 1))
        rows.append(np.concatenate([*parts, batch.dense[b]]))
    return np.array(rows)


def layer(p, name, x, relu=True):
    z = np.einsum("bk,kn->bn", x, p[f"{name}.weight"]) + p[f"{name}.bias"]
    return np.where(z > 0, z, 0) if relu else z


def mlp(p, name, x):
    depth = 0
    while f"{name}.{depth}.weight" in p:
        x = layer(p, f"{name}.{depth}", x)
        depth += 1
    return x


def tower(p, task, m):
    return layer(p, f"tower.{task}.out", mlp(p, f"tower.{task}", m), relu=False)[:, 0]


def gate(p, name, x, batch, config, groups, role_embedding=None):
    """(B, groups, E): softmax of shared logits plus what the row's role adds, over the k best experts."""
    if f"{name}.out.weight" in p:
        z = layer(p, f"{name}.out", mlp(p, f"{name}.hidden", np.hstack([role_embedding, x])), relu=False)
    else:
        z = layer(p, name, x, relu=False)
    for b in range(len(z)):
        role = batch.ids[b, 0]
        if role > 0 and f"{name}.role_bias" in p:
            z[b] += p[f"{name}.role_bias"][role - 1]
        if role > 0 and f"{name}.role_weight" in p:
            z[b] += x[b] @ p[f"{name}.role_weight"][role - 1]
    g = np.exp(z / config.temperature).reshape(len(z), groups, -1)
    for row in g.reshape(-1, g.shape[2]):
        for e in sorted(range(len(row)), key=lambda e: -row[e])[config.top_k or len(row) :]:
            row[e] = 0
    return g / g.sum(axis=2, keepdims=True)


def mix(g, experts):
    return sum(g[:, e : e + 1] * h for e, h in enumerate(experts))


def shared_bottom(p, x, batch, spec, config, role):
    m = mlp(p, "bottom", x)
    return [m for _ in spec.tasks]


def esmm(p, x, batch, spec, config, role):
    return [mlp(p, f"network.{task}", x) for task in spec.tasks]


def omoe(p, x, batch, spec, config, role):
    g = gate(p, "gate", x, batch, config.gate, 1, role)
    m = mix(g[:, 0], [mlp(p, f"expert.{e}", x) for e in range(config.experts)])
    return [m for _ in spec.tasks]


def mmoe(p, x, batch, spec, config, role):
    g = gate(p, "gate", x, batch, config.gate, len(spec.tasks), role)
    experts = [mlp(p, f"expert.{e}", x) for e in range(config.experts)]
    return [mix(g[:, t], experts) for t in range(len(spec.tasks))]


def cgc(p, x, batch, spec, config, role):
    return ple(p, x, batch, spec, config, role, levels=1)


def ple(p, x, batch, spec, config, role, levels=None):
    levels = levels or config.levels
    inputs = dict.fromkeys((*spec.tasks, "shared"), x)
    for level in range(levels):
        own = {t: [mlp(p, f"level{level}.{t}.{e}", inputs[t]) for e in range(config.task_experts)] for t in spec.tasks}
        shared = [mlp(p, f"level{level}.shared.{e}", inputs["shared"]) for e in range(config.shared_experts)]
        after = {}
        for t in spec.tasks:
            g = gate(p, f"level{level}.gate.{t}", inputs[t], batch, config.gate, 1, role)
            after[t] = mix(g[:, 0], own[t] + shared)
        if level < levels - 1:
            g = gate(p, f"level{level}.gate.shared", inputs["shared"], batch, config.gate, 1, role)
            after["shared"] = mix(g[:, 0], [h for t in spec.tasks for h in own[t]] + shared)
        inputs = after
    return [inputs[t] for t in spec.tasks]


def role_layer(p, name, x, batch):
    """x W + b, plus what the row's role adds."""
    z = layer(p, name, x, relu=False)
    for b in range(len(z)):
        role = batch.ids[b, 0]
        if role > 0 and f"{name}.role_bias" in p:
            z[b] += p[f"{name}.role_bias"][role - 1]
        if role > 0 and f"{name}.role_weight" in p:
            z[b] += x[b] @ p[f"{name}.role_weight"][role - 1]
    return z


def aitm(p, x, batch, spec, config, role):
    click, answer, relevance = (mlp(p, f"network.{task}", x) for task in spec.tasks)  # cvr is given ctr
    sources = (mlp(p, "transfer.cvr", click), answer)
    keys, queries, values = ([layer(p, f"attention.cvr.{part}", u, relu=False) for u in sources] for part in ("key", "query", "value"))
    score = np.exp([np.einsum("bn,bn->b", k, q) / np.sqrt(answer.shape[1]) for k, q in zip(keys, queries)])
    weights = score / score.sum(axis=0)
    return [click, weights[0][:, None] * values[0] + weights[1][:, None] * values[1], relevance]


def pepnet(p, x, batch, spec, config, role):
    def scaled(name, source, h):
        hidden = np.maximum(role_layer(p, f"{name}.hidden", source, batch), 0)
        return 2 / (1 + np.exp(-layer(p, f"{name}.out", hidden, relu=False))) * h

    x, towers = scaled("inputs", x, x), []
    for task in spec.tasks:
        h = x
        for depth in range(len(config.expert_hidden)):
            h = scaled(f"modulation.{task}.{depth}", x, layer(p, f"network.{task}.{depth}.0", h))
        towers.append(h)
    return towers


def role_tower(p, task, m, batch):
    depth = 0
    while f"tower.{task}.{depth}.weight" in p:
        m = np.maximum(role_layer(p, f"tower.{task}.{depth}", m, batch), 0)
        depth += 1
    return role_layer(p, f"tower.{task}.out", m, batch)[:, 0]


def logits(config, p, batch, spec):
    """(B, T) logits of any architecture, the position's part of the first task included."""
    hidden = {"position"} | (set() if config.role_in_x else {"role"})
    if config.architecture == "single_task":
        mixed = [mlp(p, f"network.{task}", embed(p, batch, spec, hidden, f"{task}.")) for task in spec.tasks]
    else:
        build = {"shared_bottom": shared_bottom, "esmm": esmm, "omoe": omoe, "mmoe": mmoe, "ple": ple, "cgc": cgc}
        build |= {"aitm": aitm, "pepnet": pepnet, "role_towers": shared_bottom}
        role = p["gate.role"][batch.ids[:, 0]] if "gate.role" in p else None
        mixed = build[config.architecture](p, embed(p, batch, spec, hidden), batch, spec, config, role)
    if config.architecture == "role_towers":
        out = np.stack([role_tower(p, task, m, batch) for task, m in zip(spec.tasks, mixed)], axis=1)
    else:
        out = np.stack([tower(p, task, m) for task, m in zip(spec.tasks, mixed)], axis=1)
    for b in range(len(out)):
        if batch.ids[b, 1] > 0:
            out[b, 0] += p["position_bias"][batch.ids[b, 1] - 1, 0]
    return out
