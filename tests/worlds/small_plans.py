"""Small plans of every architecture and every kind of operation, for every backend."""

import dataclasses

from random_rows import SPEC, random_batch

from minirank.config.model import GATED, GateConfig, ModelConfig, TaskConfig
from minirank.kernels.ops.registry import KINDS
from minirank.kernels.plan import PlanBuilder
from minirank.model.architectures import compile_plan

BACKENDS = ("reference", "cpu")
ARCHITECTURES = [("single_task", "none"), ("esmm", "none"), ("shared_bottom", "none")] + [
    (name, role) for name in GATED for role in ("none", "bias", "full", "mlp")
]
TASKS = (
    TaskConfig("ctr", {"bce": 1.0, "listwise": 0.3}),
    TaskConfig("cvr", {"bce": 1.0}, given="ctr"),
    TaskConfig("relevance", {"bce": 1.0, "pairwise": 0.5}, weight=0.7),
)
ENTIRE = (TASKS[0], TaskConfig("cvr", {"entire": 1.0}, given="ctr"), TASKS[2])


def small(architecture="mmoe", role="full", **changes):
    """A small model whose widths are no multiples of anything."""
    config = ModelConfig(
        architecture=architecture,
        embedding=3,
        experts=3,
        expert_hidden=(11, 5),
        tower_hidden=(7,),
        gate=GateConfig(role=role, temperature=1.3, hidden=6),
        task_weights="uncertainty",
    )
    return dataclasses.replace(config, **changes)


def plan_of(config, tasks=TASKS, spec=SPEC, rows=None):
    return compile_plan(config, tasks, spec, random_batch(200, seed=9) if rows is None else rows)


def plan_with(kind):
    """Inputs, one operation of the kind (and what it needs), a logit, a loss."""
    build = PlanBuilder(SPEC)
    x = build.block("x", 11, differentiable=8)
    for column, (operation, attribute, size) in enumerate([("gather", "field", 50), ("bag", "bag", 30)]):
        table = build.parameter(f"embedding.{operation}", (size, 4), "embedding", table=True)
        build.add(operation, x.columns(4 * column, 4), (), (table,), **{attribute: 2 if operation == "gather" else 0})
    build.add("copy", x.columns(8, 3))

    def layer(name, source, width, relu=0):
        out = build.block(name, width)
        weight = build.parameter(f"{name}.weight", (source.width, width), "glorot")
        build.add("dense", out, (source,), (weight, build.parameter(f"{name}.bias", (width,), "zero")), relu=relu)
        return out

    m = layer("hidden", x, 6, relu=int("by_id" not in kind))
    if kind == "bias_by_id":
        build.add(kind, m, (), (build.parameter("by_id", (4, 6), "zero"),), field=0)
    elif kind == "dense_by_id":
        build.add(kind, m, (x,), (build.parameter("by_id", (4, 11, 6), "zero"),), field=0)
    elif kind in ("softmax", "mixture"):
        gates = build.block("gates", 3)
        build.add("softmax", gates, (layer("z", x, 3),), experts=3, temperature=0.7)
        m = gates
        if kind == "mixture":
            m = build.block("m", 5)
            build.add("mixture", m, (gates, *(layer(f"expert{e}", x, 5) for e in range(3))))
    logits = build.block("logits", 3)
    for task in range(3):
        weight = build.parameter(f"out{task}", (m.width, 1), "glorot")
        build.add("dense", logits.columns(task, 1), (m,), (weight, build.parameter(f"out_bias{task}", (1,), "zero")), relu=0)
    loss = kind if KINDS[kind] in [KINDS[name] for name in ("bce", "mse", "bce_entire", "pairwise", "listwise")] else "bce"
    if loss == "bce_entire":
        build.add(loss, None, (logits.columns(0, 1), logits.columns(1, 1)), task=1, given=0, factor=1.7)
    else:
        build.add(loss, None, (logits.columns(2, 1),), task=2, factor=1.7)
    return build.build(
        logits, given=(-1, 0, -1), links=("sigmoid",) * 3, unknown_share={}, training_rows=100, log_variance=None, outputs={}
    )
