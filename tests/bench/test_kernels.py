"""What the profile of a step rests on: operations and bytes by hand, the ceiling that bounds a kernel, the loop that is shown."""

import numpy as np
import pytest

from bench.speed import kernel_counts, workloads
from bench.speed.assembly import compiled, inner_loop, kinds_of
from bench.speed.ceilings import CHAINS, LANES, Ceilings, Level, run_multiply_adds
from bench.speed.kernel_counts import Count
from bench.speed.kernels import of_config
from bench.speed.step_profile import OTHER, Part, Profile, profile
from minirank.kernels.batch import Batch, InputSpec
from minirank.kernels.parameters import initial_values
from minirank.kernels.plan import PlanBuilder


@pytest.fixture
def tiny():
    return workloads.Workload("tiny", 4, 8, 50, 6, 2, 16, 8, 4, 64, 2, 3, 100)


def test_operations_are_those_of_the_workload_and_the_biases(tiny):
    """A layer adds its bias forward, and backward takes its mask and the sum of the bias: 3BN on top of the products."""
    plan, batch = workloads.plan_of(tiny, "bias"), workloads.batch_of(tiny, "train", 0)
    each = zip(plan.operations, kernel_counts.operations(plan, batch, 1))
    found = sum(forward.flop + backward.flop for op, (forward, backward) in each if op.kind in ("dense", "mixture"))
    biases = sum(op.output.width for op in plan.forward if op.kind == "dense")
    assert found == workloads.step_flop(tiny, "bias") + 3 * 64 * biases


def test_bytes_of_a_layer_and_a_table_by_hand():
    """Two rows of one field (D = 2) and one dense column, a layer 3 x 5 with ReLU and one 5 x 1; the id occurs twice."""
    build = PlanBuilder(InputSpec((("id", 3),), (), ("c",), ("t",)))
    x, h, logits = build.block("x", 3, differentiable=2), build.block("h", 5), build.block("logits", 1)
    build.add("gather", x.columns(0, 2), (), (build.parameter("table", (3, 2), "embedding", table=True),), field=0)
    build.add("copy", x.columns(2, 1))
    build.add("dense", h, (x,), (build.parameter("w", (3, 5), "he"), build.parameter("b", (5,), "zero")), relu=1)
    build.add("dense", logits, (h,), (build.parameter("v", (5, 1), "glorot"), build.parameter("a", (1,), "zero")), relu=0)
    build.add("bce", None, (logits,), task=0, factor=1.0)
    rest = {"given": (-1,), "links": ("sigmoid",), "unknown_share": {}, "training_rows": 1, "log_variance": None, "outputs": {}}
    plan = build.build(logits, **rest)
    one = np.ones((2, 1), np.float32)
    batch = Batch(np.ones((2, 1), np.int32), (), one, np.array([[1], [np.nan]], np.float32), one, np.zeros(2, np.int32))
    gather, copy, layer, last, loss = kernel_counts.operations(plan, batch, 1)
    assert (gather[0].bytes, gather[1].bytes, copy[0].bytes) == (4 * 2 * 2 * 2, 4 * 2 * 2 * 2, 4 * 2 * 1 * 2)
    assert (layer[0].flop, layer[0].bytes) == (2 * 2 * 3 * 5 + 2 * 5, 4 * (2 * 8 + 15))
    assert (layer[1].flop, layer[1].bytes) == (2 * 2 * 5 * (3 + 2 + 1), 4 * (2 * (3 + 25 + 2) + 5 * (6 + 2)))  # dx is written, not added to
    assert last[1].bytes == 4 * (2 * (5 + 5 + 5) + 1 * (10 + 5))
    assert (loss[0].flop, loss[0].bytes) == (17, 4 * 5)
    assert kernel_counts.packing(plan)[0].bytes == 4 * 2 * (15 + 5 + 5 + 1) and kernel_counts.packing(plan)[1].bytes == 4 * 2 * (10 + 5)
    assert kernel_counts.adam(plan, 2).flop == 14 * 26 and kernel_counts.adam(plan, 2).bytes == 4 * 10 * 26
    assert kernel_counts.tables(plan, batch).bytes == 4 * (3 * 2 + 7 * 1) * 2 and kernel_counts.tables(plan, batch).flop == (2 * 2 + 13) * 2
    assert initial_values(plan, 0).dense.size == 26


def test_a_kernel_is_bound_by_what_takes_longer():
    levels = (Level("near", 1000, 9.0, 9.0, 20.0), Level("memory", 10_000, 9.0, 9.0, 5.0))
    profile = Profile("p", 1, 1, 1.0, 1.0, Ceilings(1, 100.0, 100.0, 100.0, levels, 2.0))
    assert profile.bound(Part("a", "", 1, 2.0, Count(100, 10), 500)) == (0.5, "FMA peak")  # 1 s of arithmetic, 0.5 s of bytes
    assert profile.bound(Part("a", "", 1, 8.0, Count(100, 40), 500)) == (0.25, "near")
    assert profile.bound(Part("a", "", 1, 8.0, Count(0, 20), 99_999)) == (0.5, "memory")
    assert profile.bound(Part("a", "", 1, 8.0, Count(0, 4), "lines")) == (0.25, "random lines")
    assert profile.bound(Part("a", "", 1, 8.0)) == (0.0, "")


def test_multiply_adds_are_made():
    """v = v / 2 + 1 / 2 three times from 0."""
    chains = np.zeros(CHAINS * LANES, np.float32)
    run_multiply_adds(chains, 3)
    np.testing.assert_array_equal(chains, 0.875)


@pytest.mark.parametrize("threads", (1, 2))
def test_a_profile_accounts_for_the_step(tiny, threads):
    plan = workloads.plan_of(tiny, "full")
    made = profile("tiny", plan, workloads.parameters(plan), [workloads.batch_of(tiny, "train", 0)], threads, seconds=0.05)
    assert {part.name.split()[0] for part in made.parts} >= {op.kind for op in plan.operations} | {"pack", "update_dense", "update_tables"}
    assert all(part.count.bytes > 0 and part.seconds >= 0 for part in made.parts if part.direction)
    assert all(part.seconds > 0 for part in made.parts if part.direction in ("forward", "backward"))
    assert made.undisturbed + made.parts[-1].seconds == pytest.approx(max(made.seconds, made.undisturbed))
    assert made.parts[-1].name == OTHER and made.ceilings.fma > 0 and made.ceilings.fma_best >= made.ceilings.fma_median


def test_a_configuration_is_profiled_on_its_own_rows(tmp_path):
    from training_world import write_table

    made = of_config(write_table(tmp_path), threads=1, seconds=0.05)
    assert made.rows == 64 and {"bag 4", "dense_by_id 21 x 4"} <= {part.name for part in made.parts}


def test_the_loop_with_the_arithmetic_is_shown():
    text = """
    .text
f:
.LBB0_1:
    movq (%rdi), %rax
.LBB0_2:
    vmovups (%rsi), %ymm1
    vbroadcastss (%rdx), %ymm2
    vfmadd231ps %ymm1, %ymm2, %ymm0
    vmovups %ymm3, 32(%rsp)
    jne .LBB0_2
    jmp .LBB0_1
.LBB0_3:
    vaddss %xmm0, %xmm1, %xmm2
    jne .LBB0_3
"""
    loop = inner_loop(text)
    assert [line.split()[0] for line in loop] == [".LBB0_2:", "vmovups", "vbroadcastss", "vfmadd231ps", "vmovups", "jne"]
    found = kinds_of(loop)
    expected = {"instructions": 5, "fused multiply-adds": 1, "loads": 2, "stores": 1, "spills": 1}
    assert {kind: found[kind] for kind in expected} == expected


def test_the_micro_kernel_spills_nothing():
    from minirank.kernels.cpu.tile import ROWS, WIDE, micro_kernel, tile

    if micro_kernel is not tile:
        pytest.skip("the registers of this processor are not known: it runs the micro-kernel in plain loops")
    found = kinds_of(inner_loop(compiled("tile")))
    assert found["fused multiply-adds"] >= ROWS * WIDE and found["spills"] == found["stores"] == 0
