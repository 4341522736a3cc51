"""Exercises of lesson 10. Fill a gap in, run the file: each check says whether it is right."""

# %% [markdown]
# ## Exercises
# Each function says what it must return. Replace its last line; then run the cell at the end.

# %%
from minirank.kernels import Batch, InputSpec
from minirank.model import GateConfig, ModelConfig, TaskConfig, compile_plan


# %%
def dense_parameters(width, experts, hidden, roles, tasks):
    """How many dense parameters a model as in the lesson has: input of `width` columns, `experts` of one layer of `hidden` units, a gate
    and a tower of one unit for each of `tasks`, and, for each of `roles` known roles, weights and biases of all gates. A whole number."""
    raise NotImplementedError


def check_dense_parameters():
    import numpy as np

    for fields, embedding, experts, hidden, roles in ((1, 4, 3, 8, 3), (2, 5, 2, 16, 1), (3, 2, 4, 6, 7)):
        names = [(f"field{i}", 10) for i in range(fields)]
        spec = InputSpec(categorical=(("role", roles + 1), *names), dense=("a", "b", "c"), tasks=("ctr", "cvr"))
        ids, ones = np.ones((2, fields + 1), np.int32), np.ones((2, 2))
        rows = Batch(ids, (), np.zeros((2, 3)), ones, ones, np.zeros(2, np.int32))
        sizes = {"embedding": embedding, "experts": experts, "expert_hidden": (hidden,), "tower_hidden": ()}
        config = ModelConfig(gate=GateConfig(role="full"), role_in_x=False, **sizes)
        plan = compile_plan(config, (TaskConfig("ctr"), TaskConfig("cvr", given="ctr")), spec, rows)
        found = dense_parameters(fields * embedding + 3, experts, hidden, roles, tasks=2)
        assert found == plan.size(table=False), f"{found}, but its plan has {plan.size(table=False)}"


# %%
def last_use(operations):
    """Name of a block -> number of the last operation that writes or reads it: from then on a prediction can use its memory again.

    operations: (output, inputs) of each, names of blocks, in the order of the plan.
    """
    raise NotImplementedError


def check_last_use():
    operations = [("x", []), ("h", ["x"]), ("g", ["x"]), ("m", ["g", "h"]), ("logits", ["m"])]
    assert last_use(operations) == {"x": 2, "h": 3, "g": 3, "m": 4, "logits": 4}
    assert last_use([("z", []), ("z", ["x"]), ("x", ["z"]), ("z", [])]) == {"z": 3, "x": 2}


# %%
for check in (check_dense_parameters, check_last_use):
    try:
        check()
        print(check.__name__, "right")
    except NotImplementedError:
        print(check.__name__, "still to do")
