"""Package layout: `kernels/` and `llm_client/` lie at the top but are imported from minirank.

Both bare names belong to other packages on PyPI, so nothing is ever installed under them.
Two things make the mapping hold everywhere: `package_dir` here (wheels, editable installs, checkouts
without symbolic links) and the committed links `minirank/kernels` and `minirank/llm_client`
(running from the checkout, type checkers).
"""

from setuptools import setup

setup(
    packages=[
        "minirank",
        "minirank.commands",
        "minirank.data",
        "minirank.evaluation",
        "minirank.extract",
        "minirank.features",
        "minirank.ranking",
        "minirank.simulate",
        "minirank.training",
        "minirank.kernels",
        "minirank.kernels.cuda",
        "minirank.llm_client",
    ],
    package_dir={
        "minirank": "minirank",
        "minirank.kernels": "kernels",
        "minirank.kernels.cuda": "kernels/cuda",
        "minirank.llm_client": "llm_client",
    },
)
