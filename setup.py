"""Package layout: `kernels/` and `llm_client/` lie at the top but are imported from minirank.

Both bare names belong to other packages on PyPI, so nothing is ever installed under them.
Two things make the mapping hold everywhere: `package_dir` here (wheels, editable installs, checkouts
without symbolic links) and the committed links `minirank/kernels` and `minirank/llm_client`
(running from the checkout, type checkers).
"""

from setuptools import find_packages, setup

OWN = ["minirank", *(f"minirank.{name}" for name in find_packages("minirank", exclude=["kernels*", "llm_client*"]))]
MAPPED = {f"minirank.{name}": name.replace(".", "/") for name in find_packages(".", include=["kernels*", "llm_client*"])}

setup(packages=[*OWN, *MAPPED], package_dir={"minirank": "minirank", **MAPPED})
