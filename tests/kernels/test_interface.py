"""What `minirank.kernels` offers by name is there, and costs nothing before it is asked for."""

import pytest
from checkout import python

from minirank import kernels


def test_every_name_is_found():
    assert sorted(name for names in kernels.MODULES.values() for name in names) == sorted(kernels.__all__)
    for name in kernels.__all__:
        assert getattr(kernels, name).__name__ == name


def test_another_name_is_refused():
    with pytest.raises(AttributeError, match="no attribute 'Adams'; it offers Adam, Arena"):
        _ = kernels.Adams


def test_a_name_is_loaded_when_it_is_asked_for():
    code = "import sys, minirank.kernels as k; assert 'numpy' not in sys.modules; k.Batch; assert 'numba' not in sys.modules; k.Adam"
    assert python("-c", code).returncode == 0
