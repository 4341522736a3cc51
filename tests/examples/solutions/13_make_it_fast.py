"""Answers to the exercises of lesson 13."""

import numpy as np


def panels(weight, width):
    depth, columns = weight.shape
    count = -(-columns // width)
    filled = np.zeros((depth, count * width))
    filled[:, :columns] = weight
    return np.ascontiguousarray(filled.reshape(depth, count, width).transpose(1, 0, 2))


def wrong_panels(weight, width):
    depth, columns = weight.shape
    count = -(-columns // width)
    filled = np.zeros((depth, count * width))
    filled[:, :columns] = weight
    return filled.reshape(count, depth, width)  # the rows are cut, not the columns


def tile(x, panel):
    sums = np.zeros((len(x), panel.shape[1]), x.dtype)
    for k in range(len(panel)):
        sums += np.outer(x[:, k], panel[k])
    return sums


def wrong_tile(x, panel):
    sums = np.zeros((len(x), panel.shape[1]), x.dtype)
    for k in range(len(panel)):
        sums = np.outer(x[:, k], panel[k])  # the last product alone
    return sums


def tile_shape(registers):
    shapes = [(m, n) for m in range(1, registers) for n in range(1, registers) if m * n + n + 1 <= registers]
    return min(shapes, key=lambda shape: 1 / shape[0] + 1 / shape[1])


def wrong_tile_shape(registers):
    side = int(registers**0.5)
    return side, side  # the sums alone fit
