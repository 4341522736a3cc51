"""The mathematics: one file an operation, the plan, and the executors that run any plan.

Imported as `minirank.kernels`. Knows nothing of jobs, resumes or files. In reading order:

    plan.py          a model as a table of operations on slots and parameters
    dense.py ...     one file an operation: derivation, NumPy, then Numba for a tile of rows
                     (embedding, dense, by_id, softmax, mixture, losses, group_losses)
    objective.py     what is added to the rows' losses: task weights, the penalty
    adam.py          the optimiser, dense and row-lazy
    reference.py     the executor to read: NumPy, one operation after the other
    layout.py        the plan as integers; walk.py compiled drivers over it
    cpu.py           the executor to use: threads, tiles, buffers
    backends.py      chooses one of them by name
"""
