"""Ours: the `cpu` executor, in a process of its own as every competitor is. Variants: `bfloat16`; `row by row`, of whole searches."""

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from worker import serve

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))  # the checkout

from bench.speed.workloads import Workload, batch_of, of_job, parameters, plan_of
from minirank.kernels.adam import Adam
from minirank.kernels.executor import make_executor
from minirank.kernels.parameters import TrainState


class Minirank:
    """The parameters are made anew from their seed, and so are the rows."""

    packages = ("minirank", "numpy", "numba")

    def prepare(self, problem, threads, variant):
        workload = Workload(**vars(problem.sizes))
        plan = plan_of(workload, problem.gate)
        if variant == "bfloat16":
            plan = plan.in_bfloat16()
        self.values = parameters(plan)
        if problem.kinds[0][0] in ("train", "searches"):
            self.state, self.adam = TrainState(self.values), Adam()
        else:
            self.values.freeze()
        self.executor = make_executor("cpu", plan, np.float32, threads)
        self.of_job = of_job(workload)
        self.batches = [batch_of(workload, *kind) for kind in problem.kinds]
        if variant == "row by row":
            self.batches = [replace(batch, shared=()) for batch in self.batches]

    def logits(self, number):
        return self.executor.logits(self.values, self.batches[number])

    def loss(self, number):
        return self.executor.gradients(self.values, self.batches[number]).total

    def step(self, number):
        return self.executor.step(self.state, self.batches[number], self.adam)[0]

    def request(self, number, shared):
        return self.executor.logits(self.values, self.batches[number], self.of_job if shared else ())

    def bulk(self, chunk):
        return self.logits(-1)


if __name__ == "__main__":
    serve(Minirank())
