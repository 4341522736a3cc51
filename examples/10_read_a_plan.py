"""Lesson 10: a model is a table. Print a plan, read it, and walk it.

You learn how a configuration becomes a flat list of operations (the *plan*), how to count its
parameters from the table, what a role changes in it, and that two executors which share no line of
mathematics compute the same numbers from it.
"""

import numpy as np

from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import initial_values
from minirank.model.architectures import compile_plan

# 1. The inputs: two categorical fields (id 0 is always "unknown"), two dense columns, two tasks.
spec = InputSpec(categorical=(("role", 4), ("title", 100)), dense=("coverage", "gap_in_years"), tasks=("ctr", "cvr"))
rng = np.random.default_rng(0)
clicked = rng.integers(0, 2, 8).astype(np.float32)
ids = np.stack([rng.integers(0, 4, 8), rng.integers(0, 100, 8)], axis=1).astype(np.int32)
dense = rng.normal(size=(8, 2)).astype(np.float32)
labels = np.stack([clicked, np.where(clicked == 1, 1, np.nan)], axis=1).astype(np.float32)
rows = Batch(ids, bags=(), dense=dense, labels=labels, weights=np.ones((8, 2), np.float32), groups=np.zeros(8, np.int32))

# 2. The plan: read it from top to bottom for a prediction, from bottom to top for the gradient.
sizes = {"embedding": 4, "experts": 2, "expert_hidden": (8,), "tower_hidden": ()}
config = ModelConfig(architecture="mmoe", gate=GateConfig(role="full"), role_in_x=False, position_bias=None, **sizes)
plan = compile_plan(config, (TaskConfig("ctr"), TaskConfig("cvr", given="ctr")), spec, rows)
print(plan)

# 3. Count by hand. x has 4 + 2 = 6 columns; two experts 6 -> 8; one gate of 2 x 2 logits; two towers 8 -> 1.
shared = 2 * (6 * 8 + 8) + (6 * 4 + 4) + 2 * (8 + 1)
role = 3 * (6 * 4 + 4)  # dW and db for each of the 3 known roles: "unknown" has none
print(f"\ndense parameters by hand: {shared} shared + {role} for three roles = {shared + role}")
assert plan.size(table=False) == shared + role and plan.size(table=True) == 100 * 4

# 4. Two executors, one plan.
values = initial_values(plan, seed=0)
values["gate.role_weight"][:] = rng.normal(size=(3, 6, 4))
reference = make_executor("reference", plan)
compiled = make_executor("cpu", plan, threads=1)
difference = np.abs(reference.logits(values, rows) - compiled.logits(values, rows)).max()
print(f"logits of the reference and of the compiled executor differ by at most {difference:.1e}")
assert difference < 1e-5

# 5. The same candidate, seen by each role: the gates differ, the experts do not.
candidate = rows.take(np.zeros(4, int))
candidate.ids[:, 0] = [0, 1, 2, 3]
gates = reference.outputs(values, candidate, ("gates",))["gates"].reshape(4, 2, 2)
for role, name in enumerate(("unknown", "first role", "second role", "third role")):
    print(f"{name:12s} click: {gates[role, 0].round(3)}   conversion: {gates[role, 1].round(3)}")
np.testing.assert_allclose(gates.sum(axis=2), 1, rtol=1e-6)

# Exercise: set `architecture="ple"` and print the plan again. Which rows are new? Then set
# `gate=GateConfig(role="mlp")` on mmoe: where does the role enter now?
