"""Table gradients: uses that the host has sorted, summed in a fixed order; or added atomically in no fixed order (tables.py)."""

from __future__ import annotations

from rungs import Rung, Sizes, Step


def rung(sizes: Sizes) -> Rung:
    """Before: sorted, the host's sorting left out. After: atomic. Both are whole steps."""
    ordered, atomic = Step(sizes, graph=False), Step(sizes, deterministic=False, graph=False)
    return Rung("table gradients added atomically", 1.05, ordered.run, atomic.run, atomic.error, executors=[ordered.executor, atomic.executor])
