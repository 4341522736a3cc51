"""Answers to the exercises of lesson 14."""

import numpy as np
from numba import cuda, float32


def blocks_for(rows, threads):
    return (rows + threads - 1) // threads


def wrong_blocks_for(rows, threads):
    return rows // threads + 1


def relu_kernel(y, z):
    i = cuda.grid(1)
    if i < z.shape[0]:
        y[i] = max(z[i], 0)


def wrong_relu_kernel(y, z):
    i = cuda.grid(1)
    y[i] = max(z[i], 0)


def sum_kernel(total, x):
    shared = cuda.shared.array(8, float32)
    i = cuda.threadIdx.x
    shared[i] = x[i]
    half = 4
    while half > 0:
        cuda.syncthreads()
        if i < half:
            shared[i] += shared[i + half]
        half //= 2
    if i == 0:
        total[0] = shared[0]


def wrong_sum_kernel(total, x):
    shared = cuda.shared.array(8, float32)
    i = cuda.threadIdx.x
    shared[i] = x[i]
    cuda.syncthreads()
    if i < 4:
        shared[i] += shared[i + 4]
    cuda.syncthreads()
    if i == 0:
        total[0] = shared[0] + np.float32(0)  # two rounds are missing
