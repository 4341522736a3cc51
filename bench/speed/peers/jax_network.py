"""The benchmark's MMoE and its training step in JAX, as pure functions."""

import jax
import jax.numpy as jnp

BETA1, BETA2, RATE, EPSILON = 0.9, 0.999, 1e-3, 1e-8


def logits_of(form):
    """(network, rows (B, C, D), batch) -> (B, T)."""

    def logits(p, rows, batch):
        x = jnp.concatenate((rows.reshape(len(rows), -1), batch["dense"]), 1)
        known = jax.nn.one_hot(batch["role"] - 1, len(p["role_b"]))
        z = x @ p["gate_w"] + p["gate_b"] + known @ p["role_b"]
        if "role_w" in p:
            roles, inputs, width = p["role_w"].shape
            every = x @ p["role_w"].transpose(1, 0, 2).reshape(inputs, roles * width)
            z += (every.reshape(-1, roles, width) * known[:, :, None]).sum(1)
        return _after_first(p, _first(p, x, form), z, form)

    return logits


def _first(p, x, form):
    """Before the ReLU: a list of (B, H1), one an expert."""
    if form == "wide":
        experts, inputs, width = p["w1"].shape
        h = x @ p["w1"].transpose(1, 0, 2).reshape(inputs, experts * width) + p["b1"].reshape(-1)
        return jnp.split(h, experts, 1)
    return [x @ w + b for w, b in zip(p["w1"], p["b1"])]


def _after_first(p, h, z, form):
    h = jnp.stack([jax.nn.relu(jax.nn.relu(one) @ w + b) for one, w, b in zip(h, p["w2"], p["b2"])], 1)
    gates = jax.nn.softmax(z.reshape(len(h), len(p["tower_w1"]), -1), -1)
    scores = []
    for t in range(len(p["tower_w1"])):
        mixed = (gates[:, t, :, None] * h).sum(1)
        hidden = jax.nn.relu(mixed @ p["tower_w1"][t] + p["tower_b1"][t])
        scores.append(hidden @ p["tower_w2"][t] + p["tower_b2"][t])
    return jnp.concatenate(scores, 1)


def loss_of(form):
    """(network, rows, batch) -> masked and weighted binary cross-entropy from logits."""
    logits = logits_of(form)

    def loss(p, rows, batch):
        s = logits(p, rows, batch)
        return (batch["scale"] * (jax.nn.softplus(s) - batch["labels"] * s)).sum()

    return loss


def start(parameters, tables, kind):
    """The state of Adam; `lazy` also keeps a place an id, see `lazy_step`."""
    state = {"network": parameters, "tables": tables, "step": jnp.zeros((), jnp.int32)}
    for moment in ("m", "v"):
        state[f"network_{moment}"] = jax.tree.map(jnp.zeros_like, parameters)
        state[f"tables_{moment}"] = jnp.zeros_like(tables)
    if kind == "lazy":
        state["place"] = jnp.zeros(len(tables), jnp.int32)
    return state


def _adam(w, m, v, gradient, step):
    m = BETA1 * m + (1 - BETA1) * gradient
    v = BETA2 * v + (1 - BETA2) * gradient * gradient
    rate, correction = RATE / (1 - BETA1**step), 1 / (1 - BETA2**step)
    return w - rate * m / (jnp.sqrt(v * correction) + EPSILON), m, v


def _network_step(state, gradient, step):
    names = ("network", "network_m", "network_v")
    made = jax.tree.map(lambda *a: _adam(*a, step), *(state[name] for name in names), gradient)
    return {name: {key: made[key][i] for key in gradient} for i, name in enumerate(names)}


def dense_step(form):
    """Adam over whole tables."""
    loss = loss_of(form)

    def step(state, batch):
        count = state["step"] + 1

        def total(network, tables):
            return loss(network, tables[batch["ids"]], batch)

        value, (dnetwork, dtables) = jax.value_and_grad(total, (0, 1))(state["network"], state["tables"])
        w, m, v = _adam(state["tables"], state["tables_m"], state["tables_v"], dtables, count)
        return _network_step(state, dnetwork, count) | {"tables": w, "tables_m": m, "tables_v": v, "step": count}, value

    return step


def lazy_step(form):
    """Adam on the rows of the batch. Every entry writes its number into its id's place; the one that is read back there is
    the id's, all entries of the id add their gradients to it, and it alone steps the row."""
    loss = loss_of(form)

    def step(state, batch):
        count, ids = state["step"] + 1, batch["ids"].reshape(-1)
        rows = state["tables"][batch["ids"]]
        value, (dnetwork, drows) = jax.value_and_grad(loss, (0, 1))(state["network"], rows, batch)
        entries = jnp.arange(len(ids), dtype=jnp.int32)
        place = state["place"].at[ids].set(entries)
        chosen = place[ids]
        sums = jnp.zeros((len(ids), rows.shape[2])).at[chosen].add(drows.reshape(len(ids), -1))
        where = jnp.where(chosen == entries, ids, len(state["tables"]))  # out of range: dropped
        names = ("tables", "tables_m", "tables_v")
        made = _adam(*(state[name][ids] for name in names), sums, count)
        stepped = {name: state[name].at[where].set(new, mode="drop") for name, new in zip(names, made)}
        return _network_step(state, dnetwork, count) | stepped | {"place": place, "step": count}, value

    return step


steps = {"dense": dense_step, "lazy": lazy_step}
