"""What `minirank` and `minirank.kernels` offer by name is there, and costs nothing before it is asked for."""

import pydoc
import re

import pytest
from checkout import python

import minirank
from minirank import kernels

PACKAGES = pytest.mark.parametrize("package", (minirank, kernels), ids=lambda package: package.__name__)


@PACKAGES
def test_every_name_is_found(package):
    assert sorted(name for names in package.MODULES.values() for name in names) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name).__name__ == name


@PACKAGES
def test_completion_and_help_show_every_name(package):
    assert set(package.__all__) <= set(dir(package))
    text = pydoc.render_doc(package, renderer=pydoc.plaintext)
    for name in package.__all__:
        assert re.search(rf"^    (class )?{name}\(", text, re.MULTILINE), name


@PACKAGES
def test_another_name_is_refused(package):
    with pytest.raises(AttributeError, match=f"no attribute 'Nothing'; it offers {package.__all__[0]}, {package.__all__[1]}"):
        _ = package.Nothing


def test_a_name_is_loaded_when_it_is_asked_for():
    code = "import sys, minirank.kernels as k; assert 'numpy' not in sys.modules; k.Batch; assert 'numba' not in sys.modules; k.Adam"
    assert python("-c", code).returncode == 0
