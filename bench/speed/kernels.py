"""Every kernel against the ceilings of the machine, and where the time of a training step goes.

    python bench/speed/kernels.py                          every kernel at the shapes of small and base; RESULTS.md
    python bench/speed/kernels.py --profile base           one workload: small, base, wide, or others
    python bench/speed/kernels.py --config ranker.yaml     your own configuration and data
    python bench/speed/kernels.py --kernel tile            one kernel: operations, bytes, and the loop that the processor runs

Kernels are timed where they run, within training steps, by the clock that the executor reads around every operation: so
their operands lie in the caches where they really lie. `kernel_counts.py` has the formulas of operations and bytes. The
ceilings are measured alternately with the steps (`ceilings.py`): a kernel is bound by the FMA peak, or by the bandwidth of
the level that holds what it works on (an activation: the values and gradients of a tile), whichever asks for more time;
its share of the ceiling is that time divided by the measured one. What lies in a cache nearer than that level can lift a
share above 100 %. `others` is `small` with multi-valued fields and the losses that the workloads lack.
"""

import argparse
import sys
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))  # the checkout

from bench.speed.assembly import KERNELS, explain
from bench.speed.ceilings import Probe
from bench.speed.kernel_tables import page, profile_table
from bench.speed.step_profile import Profile, profile
from bench.speed.workloads import GATES, RATES, TASKS, WORKLOADS, batch_of, parameters, plan_of
from bench.tables import Report, machine
from minirank.config.model import ModelConfig, TaskConfig
from minirank.errors import MinirankError
from minirank.kernels.batch import Bag, Batch, InputSpec
from minirank.kernels.cpu.workers import available_threads
from minirank.kernels.parameters import initial_values
from minirank.kernels.plan import Plan
from minirank.model.architectures import compile_plan
from minirank.model.label_rates import LabelRates

BATCHES = 4
OTHERS = "others"
LISTS, LIST_SIZE, LONGEST = 4, 10_000, 10
REPORT = Report(__file__, lambda results: page([Profile.of(one) for one in results["profiles"]], results["machine"]))


def others() -> tuple[Plan, list[Batch]]:
    """(plan, batches) of the shapes of small: multi-valued fields, and every loss."""
    small = WORKLOADS["small"]
    fields = tuple((f"field{i}", small.vocabulary) for i in range(small.fields))
    lists, dense = tuple((f"bag{i}", LIST_SIZE) for i in range(LISTS)), tuple(f"dense{i}" for i in range(small.dense))
    spec = InputSpec((*fields, ("role", 5)), lists, dense, TASKS)
    clicked = TaskConfig("ctr", {"bce": 1.0, "pairwise": 1.0, "listwise": 1.0})
    tasks = (clicked, TaskConfig("cvr", {"entire": 1.0}, given="ctr"), TaskConfig("relevance", {"mse": 1.0}))
    rates = dict.fromkeys(("ctr.pairwise", "ctr.listwise", "cvr.entire", "relevance.mse"), 1.0) | RATES
    plan = compile_plan(ModelConfig(embedding=small.width), tasks, spec, LabelRates(1_000_000, rates))
    bags = [_bag(small.rows, number) for number in range(LISTS)]
    return plan, [replace(batch_of(small, "train", seed), bags=tuple(bags)) for seed in range(BATCHES)]


def _bag(rows, seed):
    """A list of 1 to LONGEST ids for each of a tenth of the rows."""
    generator = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(generator.integers(1, LONGEST + 1, rows // 10))]).astype(np.int64)
    ids = generator.integers(0, LIST_SIZE, offsets[-1]).astype(np.int32)
    return Bag(generator.integers(0, rows // 10, rows).astype(np.int32), offsets, ids)


def of_workload(name: str, threads: int, seconds: float, probe: Probe | None = None) -> Profile:
    """The profile of a workload, with gates that have matrices for each role."""
    if name == OTHERS:
        plan, batches = others()
        values = initial_values(plan, 0)
    else:
        plan = plan_of(WORKLOADS[name], GATES[-1])
        values, batches = parameters(plan), [batch_of(WORKLOADS[name], "train", seed) for seed in range(BATCHES)]
    return profile(name, plan, values, batches, threads, seconds, probe)


def of_config(path: str | Path, threads: int, seconds: float) -> Profile:
    """The profile of a user's configuration, on the first batches of its own training rows."""
    from minirank.config.configuration import load_config
    from minirank.training.batches import HIDDEN, epoch_steps, generator, hide_inputs
    from minirank.training.prepare import prepare

    ready = prepare(load_config(path))
    settings, rows, plan = ready.config.training, ready.dataset.rows, ready.plan
    groups = rows.groups[ready.dataset.train] if plan.grouped else None
    steps, batches = epoch_steps(ready.dataset.train, groups, settings.batch_rows, settings.seed, 1), []
    for number, some in enumerate(steps[: min(BATCHES, max(len(steps) - 1, 1))]):  # the last step may be short
        batches.append(rows.take(some))
        hide_inputs(batches[-1], plan.spec, plan.unknown_share, generator(settings.seed, HIDDEN, 1, number))
    return profile(str(path), plan, initial_values(plan, settings.seed), batches, threads, seconds)


def tell_kernel(name: str, threads: int, seconds: float) -> None:
    """Its rows in the profiles of the workloads that have them, and its inner loop."""
    kind, direction = KERNELS[name]
    probe = Probe(threads)
    for workload in ("small", "base", OTHERS):
        found = of_workload(workload, threads, seconds, probe)
        parts = [part for part in found.parts if part.name.split()[0] == kind and direction in (None, part.direction)]
        if parts:
            print(profile_table(found, wanted=lambda part, parts=parts: part in parts), "\n")
        for part in parts:
            print(f"{part.name} {part.direction}: {part.count.flop:,.0f} operations, {part.count.bytes:,.0f} bytes a step")
        print()
    print(explain(name))


def run(threads: list[int], seconds: float) -> None:
    """Everything, into results/kernels.json and RESULTS.md."""
    probes = {number: Probe(number) for number in threads}
    found = []
    for name in ("small", "base", OTHERS):
        for number in threads:
            found.append(of_workload(name, number, seconds, probes[number]))
            print(f"{name}, {number}: {1e3 * found[-1].seconds:.3g} ms a step", flush=True)
    REPORT.publish({"machine": machine("minirank", "numpy", "numba"), "profiles": [asdict(one) for one in found]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--profile", choices=(*WORKLOADS, OTHERS), metavar="WORKLOAD")
    what.add_argument("--config", metavar="CONFIG.yaml")
    what.add_argument("--kernel", choices=KERNELS, metavar="NAME", help=", ".join(KERNELS))
    told = "by default one and all cores; of --profile and --config all, of --kernel one"
    parser.add_argument("--threads", nargs="+", type=int, help=told)
    parser.add_argument("--seconds", type=float, default=15, help="of a profile")
    options = parser.parse_args()
    every = available_threads()
    if options.profile or options.config:
        for threads in options.threads or [every]:
            try:
                made = of_config if options.config else of_workload
                print(profile_table(made(options.config or options.profile, threads, options.seconds)))
            except MinirankError as error:
                parser.exit(2, f"{error}\n")
    elif options.kernel:
        tell_kernel(options.kernel, (options.threads or [1])[0], options.seconds / 5)
    else:
        run(options.threads or sorted({1, every}), options.seconds)


if __name__ == "__main__":
    main()
