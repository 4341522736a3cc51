"""Small plans of every architecture and every kind of operation, for every backend."""

import dataclasses

import numpy as np
from random_rows import SPEC, random_batch

from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.kernels.batch import InputSpec
from minirank.kernels.ops import KINDS
from minirank.kernels.plan import PlanBuilder
from minirank.model.architectures import ARCHITECTURES as ALL
from minirank.model.architectures import compile_plan

BACKENDS = ("reference", "cpu")
EXACT = [name for name, kind in KINDS.items() if not kind.rounds]  # kinds whose gradients are differences; others have tests of their own
ARCHITECTURES = [(name, role) for name, one in ALL.items() for role in ("none", *one.roles)]
GATED = [name for name, one in ALL.items() if "mlp" in one.roles]
CHOOSING = [(name, k) for name in GATED for k in (1, 2)]  # gated architectures whose gates ask k experts
TASKS = (
    TaskConfig("ctr", {"bce": 1.0, "listwise": 0.3}),
    TaskConfig("cvr", {"bce": 1.0}, given="ctr"),
    TaskConfig("relevance", {"bce": 1.0, "pairwise": 0.5}, weight=0.7),
)
ENTIRE = (TASKS[0], TaskConfig("cvr", {"entire": 1.0}, given="ctr"), TASKS[2])


def small(architecture="mmoe", role="full", **changes):
    """A small model whose widths are no multiples of anything."""
    gate, widths = GateConfig(role=role, temperature=1.3, hidden=6), {"embedding": 3, "expert_hidden": (11, 5), "tower_hidden": (7,)}
    return ModelConfig(**{"architecture": architecture, "experts": 3, "gate": gate, "task_weights": "uncertainty", **widths, **changes})


def choosing(architecture, top_k, role="full", **changes):
    """A small gated model whose gates ask `top_k` experts; `changes` are of the gate."""
    return small(architecture, gate=GateConfig(role, temperature=1.3, hidden=6, top_k=top_k, **changes))


def plan_of(config, tasks=TASKS, spec=SPEC, rows=None):
    return compile_plan(config, tasks, spec, random_batch(200, seed=9) if rows is None else rows)


def one_task(rows=50):
    """(inputs, batch) of a single task, with one categorical field and one dense column."""
    batch = random_batch(rows)
    labels, weights = batch.labels[:, 2:], batch.weights[:, 2:]
    batch = dataclasses.replace(batch, ids=batch.ids[:, :1] % 5, bags=(), dense=batch.dense[:, :1], labels=labels, weights=weights)
    return InputSpec((("a", 5),), (), ("d",), ("income",)), batch


def assert_close_gradients(found, expected, rtol=1e-8, atol=1e-13):
    np.testing.assert_allclose(found.dense, expected.dense, rtol=rtol, atol=atol)
    assert found.tables.keys() == expected.tables.keys()
    for name, (ids, rows) in expected.tables.items():
        np.testing.assert_array_equal(found.tables[name][0], ids)
        np.testing.assert_allclose(found.tables[name][1], rows, rtol=rtol, atol=atol)


# --- plans built by hand -------------------------------------------------------------------------


def inputs(build):
    """A block of 11 columns: an embedding and a bag of width 4 each, and the dense columns."""
    x = build.block("x", 11, differentiable=8)
    embedding, bag = (build.parameter(f"embedding.{kind}", (n, 4), "embedding", table=True) for kind, n in (("gather", 50), ("bag", 30)))
    build.add("gather", x.columns(0, 4), (), (embedding,), field=2)
    build.add("bag", x.columns(4, 4), (), (bag,), bag=0)
    build.add("copy", x.columns(8, 3))
    return x


def layer(build, name, source, width, relu=0, out=None):
    """The output of a dense layer with parameters of its own."""
    out = out or build.block(name, width)
    weight, bias = build.parameter(f"{name}.weight", (source.width, width), "glorot"), build.parameter(f"{name}.bias", (width,), "zero")
    build.add("dense", out, (source,), (weight, bias), relu=relu)
    return out


def finish(build, logits):
    """The plan of three tasks."""
    rest = {"unknown_share": {}, "training_rows": 100, "log_variance": None, "outputs": {}}
    return build.build(logits, given=(-1, 0, -1), links=("sigmoid",) * 3, **rest)


def plan_with(kind):
    """Inputs, one operation of the kind (and what it needs), a logit, a loss."""
    build = PlanBuilder(SPEC)
    x = inputs(build)
    m = layer(build, "hidden", x, 6, relu=int("by_id" not in kind))
    if kind == "dropout":
        build.add(kind, m, (m,), layer=3, share=0.4)
    elif kind == "diagonal":  # two members of one layer
        scaled = [build.block(f"scaled{k}", 11) for k in range(2)]
        for k, block in enumerate(scaled):
            build.add(kind, block, (x,), (build.parameter(f"scale{k}", (11,), "sign"),))
        both = build.block("both", 12)
        for k, block in enumerate(scaled):
            m = layer(build, "member", block, 6, out=both.columns(6 * k, 6))
        m = both
    elif kind == "bias_by_id":
        build.add(kind, m, (), (build.parameter("by_id", (4, 6), "zero"),), field=0)
    elif kind == "dense_by_id":
        build.add(kind, m, (x,), (build.parameter("by_id", (4, 11, 6), "zero"),), field=0)
    elif kind == "relu":
        m = build.block("positive", 6)
        build.add(kind, m, (layer(build, "z", x, 6),))
    elif kind == "modulate":
        y, m = build.block("scaled x", 11), build.block("scaled", 6)
        build.add(kind, y, (layer(build, "z0", x, 11), x))  # x needs a gradient in some columns only
        build.add(kind, m, (layer(build, "z", x, 6), layer(build, "hidden of scaled x", y, 6, relu=1)))
    elif kind == "dot":
        a, h, m = layer(build, "a", x, 6), layer(build, "h", x, 6), build.block("both", 2)
        build.add(kind, m.columns(0, 1), (a, h), scale=0.4)
        build.add(kind, m.columns(1, 1), (h, h), scale=0.3)
    elif kind == "balance":  # of two gates
        m = build.block("gates", 6)
        build.add("softmax", m, (layer(build, "z", x, 6),), experts=3, temperature=0.7)
    elif kind in ("softmax", "mixture", "top_k", "expert_dropout"):
        gates, z = build.block("gates", 3), layer(build, "z", x, 3)
        if kind in ("top_k", "expert_dropout"):
            build.add(kind, z, (z,), experts=3, **({"k": 2} if kind == "top_k" else {"layer": 1, "share": 0.4}))
        build.add("softmax", gates, (z,), experts=3, temperature=0.7)
        m = gates
        if kind == "mixture":
            m = build.block("m", 5)
            build.add("mixture", m, (gates, *(layer(build, f"expert{e}", x, 5) for e in range(3))))
    logits = build.block("logits", 3)
    for task in range(3):
        layer(build, f"out{task}", m, 1, out=logits.columns(task, 1))
    if kind == "balance":
        build.add(kind, None, (m,), experts=3, task=-1, factor=0.8)
    if kind == "bce_entire":
        build.add(kind, None, (logits.columns(0, 1), logits.columns(1, 1)), task=1, given=0, factor=1.7)
    elif kind in ("ips", "dr"):  # the propensity, and the tower of imputations, share no parameter with the logit
        known = build.block("known", 3, differentiable=0)
        build.add("copy", known)
        tower = (layer(build, "imputed", known, 1),) if kind == "dr" else ()
        build.add(kind, None, (logits.columns(1, 1), *tower, known.columns(0, 1)), task=1, given=0, factor=1.7, floor=0.3)
    else:
        loss = kind if kind in ("mse", "pairwise", "listwise", "focal", "bce_delayed") else "bce"
        build.add(loss, None, (logits.columns(2, 1),), task=2, factor=1.7, **({"gamma": 1.5} if kind == "focal" else {}))
    return finish(build, logits)


def batch_with(kind, rows, seed, masked=()):
    """Rows for `plan_with`: of `bce_delayed` some labels are open."""
    batch = random_batch(rows, seed, masked=masked)
    if kind == "bce_delayed":
        grades = batch.labels[:, 2]
        batch.labels[:, 2] = np.where(grades < 0.5, np.where(grades < 0.1, 0, -2 * grades), np.round(grades))
    return batch
