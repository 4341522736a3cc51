"""The mathematics: one file an operation, the plan, and the executors that run any plan.

Imported as `minirank.kernels`. Knows nothing of jobs, resumes or files. In reading order:

    plan.py          a model as a table of operations on slots and parameters
    dense.py ...     one file an operation: derivation, NumPy, then Numba for a tile of rows
                     (embedding, dense, by_id, softmax, mixture, losses, group_losses)
    objective.py     what is added to the rows' losses: task weights, the penalty
    adam.py          the optimiser, dense and row-lazy
    reference.py     the executor to read: NumPy, one operation after the other
    vector.py        pointers and explicit vectors for kernels
    tile.py          the micro-kernel: a tile of a matrix product that stays in registers
    matmul.py        products in panels, and which cache holds what
    layout.py        a plan as integers, and the memory of a step; encode.py writes them
    address.py       kernels that are called by their address; work.py: those of operations, and what they read
    walk.py          the compiled drivers: one thread walks a plan for its tiles of rows
    cpu.py           the executor to use: threads, and the parts of a step
    predict.py       requests: what is left of their cost but the arithmetic; threads.py and bags.py help
    compile.py       the first compilation, beside something else
    executor.py      what all executors give, and one by its name; cuda/ holds the third; checks.py  what they refuse
"""
