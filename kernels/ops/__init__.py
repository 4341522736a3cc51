"""Every kind of operation: a file each holds derivation, NumPy forward and backward, the class that describes it, Numba for a tile.

`KINDS` holds them by name; a file that is added to this folder is found.
"""

from importlib import import_module
from pkgutil import iter_modules

from .kind import KINDS

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["KINDS"]
