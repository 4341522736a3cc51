"""Small data sets with labels of every kind, for the tests of evaluation."""

import numpy as np

from minirank.data.dataset import Dataset
from minirank.kernels.batch import Batch, InputSpec

NAN = np.nan
TASKS = ("ctr", "cvr", "relevance")


def dataset(labels, tasks=TASKS, search=None, job=None, role=None, role_names=(), truth=None):
    labels = np.asarray(labels, np.float32)
    n = len(labels)
    search, job, role = (None if codes is None else np.asarray(codes, np.int32) for codes in (search, job, role))
    groups = np.zeros(n, np.int32) if search is None else search
    batch = Batch(np.zeros((n, 0), np.int32), (), np.zeros((n, 0), np.float32), labels, np.ones_like(labels), groups)
    nothing = np.zeros(0, np.int64)
    inputs = InputSpec(tasks=tuple(tasks))
    return Dataset(inputs, batch, nothing, nothing, np.arange(n), search, job, role, role_names, truth, "", None)


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def world(seed=0, jobs=40, searches=3, size=10):
    """A simulated log with its truth, and predictions that are right up to noise."""
    rng = np.random.default_rng(seed)
    n = jobs * searches * size
    search = np.repeat(np.arange(jobs * searches), size)
    seen, hidden = rng.normal(size=(2, n))
    click, conversion, relevance = sigmoid(seen + hidden - 1), sigmoid(seen - 0.5), sigmoid(seen)
    clicked = rng.random(n) < click
    converted = np.where(clicked, rng.random(n) < conversion, NAN)
    graded = np.where(rng.random(n) < 0.5, np.clip(relevance + rng.normal(0, 0.1, n), 0, 1), NAN)
    truth = {"click": click, "conversion": conversion, "relevance": relevance}
    truth |= {"click_reachable": sigmoid(0.85 * seen - 0.85)}
    truth |= {"conversion_reachable": conversion, "relevance_reachable": relevance}
    labels = np.stack([clicked, converted, graded], axis=1)
    data = dataset(labels, search=search, job=search % jobs, role=search % 2, role_names=("hr", "manager"), truth=truth)
    noisy = seen + rng.normal(0, 0.5, n)
    return data, np.arange(n), {"ctr": sigmoid(noisy - 1), "cvr": sigmoid(noisy - 0.5), "relevance": sigmoid(noisy)}
