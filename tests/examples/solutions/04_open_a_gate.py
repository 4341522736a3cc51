"""Answers to the exercises of lesson 4."""

import numpy as np


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def wrong_softmax(z):
    """Overflows."""
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def softmax_backward(dg, g, tau):
    return g * (dg - (dg * g).sum(axis=1, keepdims=True)) / tau


def wrong_softmax_backward(dg, g, tau):
    """Passes every check with ones."""
    return g * (dg - dg.mean(axis=1, keepdims=True)) / tau


def temperature_gradient(dz, z, tau):
    return -np.sum(dz * z) / tau


def wrong_temperature_gradient(dz, z, tau):
    """As if dz were that of z / tau."""
    return -np.sum(dz * z) / tau**2
