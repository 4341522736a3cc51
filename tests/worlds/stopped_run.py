"""What is said of a run that cannot be used."""

import pytest

from minirank.errors import RunError
from minirank.run.load_run import load_run
from minirank.training import train

REFERENCE = ("training.backend=reference", "training.precision=float64")


def refused(config, folder, **options) -> str:
    with pytest.raises(RunError) as caught:
        train(config, folder, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def unreadable(folder) -> str:
    with pytest.raises(RunError) as caught:
        load_run(folder)
    return str(caught.value)
