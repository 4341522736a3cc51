"""What the three executors have in common: one interface, and one function that makes them."""

import inspect
from importlib import import_module

import numpy as np
import pytest
from small_plans import plan_of, small

from minirank.kernels.executor import CLASSES, Executor, make_executor
from minirank.kernels.parameters import TrainState, initial_values

METHODS = {name for name in vars(Executor) if not name.startswith("_")}


def test_the_interface():
    assert {"logits", "outputs", "gradients", "step", "apply", "move_average", "resident", "keep"} == METHODS


@pytest.mark.parametrize("backend", CLASSES)
def test_every_executor_has_the_interface(backend):
    """The same methods, and their arguments and results by the same names, defaults and types."""
    module, name = CLASSES[backend]
    made = getattr(import_module(f"minirank.kernels.{module}"), name)
    for method in METHODS:
        assert inspect.signature(getattr(made, method)) == inspect.signature(getattr(Executor, method)), method


@pytest.mark.parametrize("backend", ("reference", "cpu"))
def test_executors_without_a_memory_of_their_own_leave_states_where_they_are(backend):
    plan = plan_of(small())
    executor, state = make_executor(backend, plan, np.float32), TrainState(initial_values(plan, 0))
    assert executor.plan is plan and executor.dtype == np.float32
    before = state.values.copy()
    with executor.resident(state) as sync_to_host:
        sync_to_host()
    executor.keep(state.values)
    assert all(np.array_equal(array, before[name]) for name, array in state.values.items())


def test_another_backend_is_refused():
    with pytest.raises(ValueError, match="backend must be reference, cpu or cuda, got 'gpu'"):
        make_executor("gpu", plan_of(small()))
