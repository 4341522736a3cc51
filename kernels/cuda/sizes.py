"""Sizes of tiles. The simulator runs a Python thread for each CUDA thread, so there the same code gets smaller ones.

    product   TM x TN of a matrix product a block, STEP of its inner dimension at a time, and in
              each thread FRAGMENT x FRAGMENT elements
    walk      ROWS of the batch a block, weights through shared memory in squares of SQUARE
    reduce    threads of a block that sums
    sort      threads of a block that sorts, BINS values of a digit at a time

MINIRANK_CUDA_TILES=full simulates the sizes of a GPU.
"""

from __future__ import annotations

import os

from .probe import simulated

SMALL = simulated() and os.environ.get("MINIRANK_CUDA_TILES") != "full"

TM = TN = 16 if SMALL else 128
STEP = 4 if SMALL else 8
FRAGMENT = 4 if SMALL else 8
PRODUCT_THREADS = (TM // FRAGMENT) * (TN // FRAGMENT)

ROWS = 8 if SMALL else 32
SQUARE = 4 if SMALL else 32
WALK_THREADS = SQUARE * ROWS // 4  # one thread for 4 rows of one column of a square

SUM_THREADS = 8 if SMALL else 256
SORT_THREADS = 8 if SMALL else 512
BINS = 16
FLAT_THREADS = 16 if SMALL else 256
