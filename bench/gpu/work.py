"""What the launches of a step have to do at least: floating point operations of products, bytes of what memory bounds.

A kernel's share of the ceilings is this, divided by its time. Bytes count what must come from memory or go there once; what
a cache may keep between two launches counts each time.
"""

import numpy as np

from minirank.kernels.batch import Batch
from minirank.kernels.cuda.schedule import BACKWARD, FORWARD, schedule
from minirank.kernels.ops import KINDS
from minirank.kernels.plan import Plan

FLOAT = 4  # bytes


def work(plan: Plan, batch: Batch, slices: int) -> dict[str, list[dict]]:
    """Kernel -> for each of its launches in a step, in order, its `flop` or its `bytes`; kernels bound by neither are left out.

    Args:
        slices: of the partial sums of the weight gradients.
    """
    rows, dense = len(batch), plan.size(table=False)
    launches = schedule(plan, training=True)
    found: dict[str, list[dict]] = {}
    for name, stage in (("product_forward", FORWARD), ("product_backward", BACKWARD)):
        nodes = [[node for problem in launch.problems for node in problem.nodes] for launch in launches if launch.stage == stage]
        found[name] = [{"flop": sum(_flop(node.op, rows, stage) for node in each)} for each in nodes]
    found["weight_gradients"] = [{"flop": sum(_flop(op, rows, FORWARD) for op in plan.forward if KINDS[op.kind].multiplies)}]
    for name in list(found):
        found[f"{name}_tf32"] = found[name]
    found["adam_dense"] = [{"bytes": FLOAT * dense * (slices + 2 + 3 + 3)}]
    used = elements = touched = 0
    for op in plan.forward:
        if KINDS[op.kind].table:
            ids, width = KINDS[op.kind].used_ids(op, batch), op.output.width
            used, elements, touched = used + len(ids), elements + len(ids) * width, touched + len(np.unique(ids)) * width
    found["sum_pieces"] = [{"bytes": FLOAT * (elements + touched + 5 * used)}]
    found["adam_runs"] = [{"bytes": FLOAT * (7 * touched + used)}]
    found["scatter_rows"] = [{"bytes": FLOAT * (2 * elements + used)}]
    found["adam_touched_rows"] = [{"bytes": FLOAT * (8 * touched + 2 * used)}]
    return found


def _flop(op, rows: int, stage: str) -> int:
    """A multiply-add is 2. The rows of every id together are all rows, so a layer by id counts as one."""
    inner = op.inputs[0].differentiable if stage == BACKWARD else op.inputs[0].width
    return 2 * rows * inner * op.output.width
