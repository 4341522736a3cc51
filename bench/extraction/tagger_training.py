"""Training of the tagger's linear-chain CRF: sparse binary features, hand-written forward-backward, L-BFGS.

Letters: N words, K tags, V features. Words are time-major (see `time_major`).
"""

from array import array
from collections.abc import Iterable
from itertools import pairwise
from zlib import crc32

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.sparse import csr_matrix

from bench.extraction.tagger_classes import word_classes
from minirank.extract.normalised_text import NormalisedText
from minirank.extract.rules.spans import propose
from minirank.extract.rules.tagger import FORBIDDEN, LAYERS, SCHEMES, Scheme, Tagger
from minirank.extract.rules.tagger_features import Marks, Sentences, features, sentences

# Chosen by cross-validation over the postings of SkillSpan's train.json.
SETTINGS = {"min_count": 2, "l2": 3.0, "iterations": 60, "max_features": 60_000, "outside": (0.4, 0.8)}


def time_major(lengths: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Order in which the same position of all sentences lies together, longest sentence first.

    A step in time is then a slice, and the sentences that still run at a step are the first of those before.

    Args:
        lengths: (S,) int, words a sentence, each at least 1.
    Returns: (order (N,) int64, reading-order index of every word; steps (longest + 1,) int64, where each step begins).
    """
    lengths = np.asarray(lengths, np.int64)
    rank = np.empty(len(lengths), np.int64)
    rank[np.argsort(-lengths, kind="stable")] = np.arange(len(lengths))
    time = np.arange(lengths.sum()) - (np.cumsum(lengths) - lengths).repeat(lengths)
    order = np.argsort(time * len(lengths) + rank.repeat(lengths))
    return order, np.append(0, np.cumsum(np.bincount(time)))


def forbid(scores: np.ndarray, scheme: Scheme, steps: np.ndarray) -> None:
    """Make tags that may not start or end a sentence unlikely, in place.

    Args:
        scores: (N, K) float64, time-major.
        scheme: Scheme.
        steps: of `time_major`.
    """
    sizes, count = np.diff(steps), len(scores)
    last = np.arange(count) - steps[:-1].repeat(sizes) >= np.append(sizes[1:], 0).repeat(sizes)  # no word follows in its sentence
    scores[: steps[1], ~scheme.starts] += FORBIDDEN
    scores[np.ix_(last, ~scheme.ends)] += FORBIDDEN


def forward_backward(emissions: np.ndarray, transitions: np.ndarray, steps: np.ndarray) -> tuple[float, np.ndarray, np.ndarray]:
    """Log-partition and posteriors of a linear-chain CRF.

    alpha_t = emit_t + log(exp(alpha_{t-1}) @ exp(trans));  log Z = sum over sentences of logsumexp(alpha_last)
    beta_t = log(exp(trans) @ exp(emit_{t+1} + beta_{t+1}));  d log Z / d emit_t = softmax(alpha_t + beta_t)
    d log Z / d trans_jk = sum_t exp(alpha_{t-1,j} + trans_jk + emit_tk + beta_tk - log Z)

    Args:
        emissions: (N, K) float64, time-major.
        transitions: (K, K) float64, from row to column; -inf forbids.
        steps: (longest + 1,) int64.
    Returns: log Z (float), d log Z / d emissions (N, K), d log Z / d transitions (K, K).
    Source: Lafferty, McCallum and Pereira, ICML 2001; Sutton and McCallum, 2012, section 4.1.
    """
    tags = transitions.shape[0]
    moves = np.exp(transitions)
    posteriors = np.empty_like(emissions)
    pairs = np.zeros((tags, tags))
    if len(steps) == 1:
        return 0.0, posteriors, pairs
    # NOTE: alpha is kept as normalised probabilities and the log of their sum, so that nothing under- or overflows.
    top = emissions.max(axis=1, keepdims=True)
    potential = np.exp(emissions - top)
    alpha, scale = np.empty_like(emissions), np.empty((len(emissions), 1))
    for t in range(len(steps) - 1):
        a, b = steps[t], steps[t + 1]
        alpha[a:b] = potential[a:b]
        if t:
            before = steps[t - 1]
            alpha[a:b] *= alpha[before : before + b - a] @ moves
        scale[a:b] = alpha[a:b].sum(axis=1, keepdims=True)
        alpha[a:b] /= scale[a:b]
    log_partition = float(np.log(scale).sum() + top.sum())
    # alpha_t = potential_t * (alpha_{t-1} @ moves) / scale_t  =>  beta_{t-1} = moves @ (potential_t * beta_t / scale_t)
    beta = np.ones_like(emissions)
    for t in range(len(steps) - 2, 0, -1):
        a, b, before = steps[t], steps[t + 1], steps[t - 1]
        message = potential[a:b] * beta[a:b] / scale[a:b]
        beta[before : before + b - a] = message @ moves.T
        pairs += alpha[before : before + b - a].T @ message
    np.multiply(alpha, beta, out=posteriors)
    return log_partition, posteriors, pairs * moves


class Objective:
    """Negative log-likelihood of tagged sentences plus an L2 penalty, with its gradient.

    L = log Z - score(gold) + l2/2 |x|^2;  dL/d emissions = posterior - gold;  dL/d trans = pairs - gold pairs

    Args:
        matrix: (N, V) CSR of ones, time-major rows.
        tags: (N,) int64, time-major.
        steps: (longest + 1,) int64.
        scheme: Scheme of the layer.
        l2: float, of every weight.
    """

    def __init__(self, matrix, tags, steps, scheme, l2):
        self.matrix, self.steps, self.scheme, self.l2 = matrix, steps, scheme, l2
        self._transposed = matrix.T.tocsr()
        self._tags = k = len(scheme.names)
        self._gold = np.eye(k)[tags]
        self._gold_pairs = np.zeros((k, k))
        for t in range(1, len(steps) - 1):
            now, before = tags[steps[t] : steps[t + 1]], tags[steps[t - 1] :]
            np.add.at(self._gold_pairs, (before[: len(now)], now), 1.0)

    @property
    def size(self) -> int:
        """Number of weights."""
        return (self.matrix.shape[1] + self._tags) * self._tags

    def unpack(self, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Weights (V, K) and transitions (K, K) of a flat vector."""
        border = self.matrix.shape[1] * self._tags
        return x[:border].reshape(-1, self._tags), x[border:].reshape(self._tags, self._tags)

    def __call__(self, x):
        """Value and gradient at a flat vector of weights (V, K) and transitions (K, K)."""
        weights, transitions = self.unpack(x)
        emissions = self.matrix @ weights
        score = np.sum(emissions * self._gold) + np.sum(transitions * self._gold_pairs)
        forbid(emissions, self.scheme, self.steps)
        log_partition, posteriors, pairs = forward_backward(emissions, np.where(self.scheme.follows, transitions, -np.inf), self.steps)
        value = log_partition - score + 0.5 * self.l2 * np.sum(x * x)
        dweights = self._transposed @ (posteriors - self._gold)
        dtransitions = pairs - self._gold_pairs
        return value, np.concatenate((dweights.ravel(), dtransitions.ravel())) + self.l2 * x


def train(postings: list, texts: Iterable[str] = (), settings: dict = SETTINGS) -> Tagger:
    """A Tagger of annotated postings.

    Args:
        postings: list of (text, {"skill": [(start, end)], "knowledge": [(start, end)]}).
        texts: further texts without annotation, for the word classes alone.
        settings: features that occur less often than `min_count` are left out; `l2` penalty; `iterations` of L-BFGS;
            `max_features` after training; `outside` as in Tagger.
    """
    read = [_with_plain_gold(*propose(text), gold) for text, gold in postings]
    found = [sentences(document) for document, _, _ in read]
    classes = word_classes([words for some in found for words in some.words], texts)
    values, offsets = hashes(row for (document, marks, _), some in zip(read, found) for row in features(document, some, marks, classes))
    vocabulary, counts = np.unique(values, return_counts=True)
    vocabulary = vocabulary[counts >= settings["min_count"]]
    order, steps = time_major(np.concatenate([np.diff(some.borders) for some in found]))
    matrix = indicator_matrix(values, offsets, vocabulary)[order]
    weights, transitions = [], []
    for layer in LAYERS:
        scheme, options = SCHEMES[layer], {"maxiter": settings["iterations"], "maxcor": 6}
        tags = np.array([tag for (_, _, gold), some in zip(read, found) for tag in gold_tags(some, gold[layer], scheme)], np.int64)
        objective = Objective(matrix, tags[order], steps, scheme, settings["l2"])
        best = minimize(objective, np.zeros(objective.size), jac=True, method="L-BFGS-B", options=options)
        layer_weights, layer_transitions = objective.unpack(best.x)
        weights.append(layer_weights)
        transitions.append(layer_transitions.astype(np.float32))
    vocabulary, weights, scales = _compress(vocabulary, weights, settings["max_features"])
    words, outside = sorted(classes), np.float32(settings["outside"])
    numbers = np.array([classes[word] for word in words], np.uint8).reshape(-1, 2)
    return Tagger(vocabulary, weights, scales, *transitions, outside, np.array(words, np.uint32), numbers)


def _with_plain_gold(document: NormalisedText, marks: Marks, gold: dict) -> tuple[NormalisedText, Marks, dict]:
    """A posting with its annotation as offsets into the plain text."""
    return document, marks, {layer: [document.text.text_span(*span) for span in spans] for layer, spans in gold.items()}


def _compress(vocabulary, weights, kept):
    """The features with the largest weights, as int8: (hashes, (V, 8) weights, scales)."""
    scales = np.float32([max(np.abs(w).max(initial=0.0) / 127, 1e-9) for w in weights])
    size = np.max([np.abs(w).max(axis=1) for w in weights], axis=0)
    best = np.sort(np.argsort(-size, kind="stable")[:kept])
    steps = np.concatenate([np.rint(w[best] / s) for w, s in zip(weights, scales, strict=True)], axis=1)
    used = steps.any(axis=1)
    return vocabulary[best][used], steps[used].astype(np.int8), scales


def hashes(rows: Iterable[list[str]]) -> tuple[np.ndarray, np.ndarray]:
    """Rows of features as one array.

    Args:
        rows: iterable of lists of str, none of them empty.
    Returns: (CRC-32 (n,) uint32, offsets (N + 1,) int64).
    """
    values, lengths = array("I"), [0]
    for row in rows:
        values.extend(crc32(feature.encode()) for feature in row)
        lengths.append(len(row))
    return np.array(values, np.uint32), np.cumsum(lengths)


def gold_tags(found: Sentences, spans: list[tuple[int, int]], scheme: Scheme) -> list[int]:
    """Tags of the words of sentences, a list of ints; a span that goes on in the next sentence starts again there.

    Args:
        found: sentences.
        spans: (start, end) of annotated spans, without overlaps.
        scheme: Scheme.
    """
    spans, at, tags = sorted(spans), 0, []
    for first, last in pairwise(found.borders):
        owners = []
        for start, end in zip(found.starts[first:last], found.ends[first:last], strict=True):
            while at < len(spans) and spans[at][1] <= start:
                at += 1
            owners.append(at if at < len(spans) and spans[at][0] < end else None)
        for before, owner, after in zip([None, *owners], owners, [*owners[1:], None], strict=False):
            if owner is None:
                name = "O"
            elif "E" not in scheme.names:
                name = "I" if owner == before else "B"
            else:
                name = {(False, False): "S", (False, True): "B", (True, True): "I", (True, False): "E"}[owner == before, owner == after]
            tags.append(scheme.names.index(name))
    return tags


def indicator_matrix(values: np.ndarray, offsets: np.ndarray, vocabulary: np.ndarray) -> csr_matrix:
    """(N, V) CSR of ones: which features of a sorted vocabulary every word has.

    Args:
        values: (n,) uint32 hashes of all words.
        offsets: (N + 1,) where each word's begin.
        vocabulary: (V,) uint32, sorted, not empty.
    """
    at = np.searchsorted(vocabulary, values)
    at[at == len(vocabulary)] = 0
    known = vocabulary[at] == values
    kept = np.concatenate(([0], np.cumsum(known)))[offsets]
    return csr_matrix((np.ones(int(kept[-1])), at[known], kept), (len(offsets) - 1, len(vocabulary)))
