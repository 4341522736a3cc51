"""Compiled loops of the tagger: what the features of each word add up to, and the best tags of each sentence.

They check nothing and allocate nothing. Letters: N words, S sentences, T features, V known features, K tags.

A CRC-32 is linear in its bits, so it can be continued by a text of which only the CRC-32 and the length are known:

    crc(a + b) = after(crc(a), len(b)) ^ crc(b),  after(c, n) = crc(bytes(n), c) ^ crc(bytes(n))
"""

from __future__ import annotations

import numpy as np

from minirank.extract.rules.tagger_features import FARTHEST, FOLLOWED, REACH, SPELLED
from minirank.kernels.cpu.jit import driver, kernel

BUCKET = 15  # bits of a hash that the table of buckets leaves out
WORD, FORM = SPELLED.index("word"), SPELLED.index("form")
SAID, VERB, SINCE, BEGIN, END = (len(SPELLED) + FOLLOWED.index(name) for name in ("said", "verb", "since", "begin", "end"))
MOST_SINCE, MOST_BEGIN, MOST_END = FARTHEST["since"], FARTHEST["begin"], FARTHEST["end"]


@kernel
def add_weights(values, hashes, buckets, weights, at, sums):
    """Add the weights of those features that are known.

    Args:
        values: (T,) uint32, hashes of features.
        hashes: (V + 1,) uint32, sorted; the last is the largest number.
        buckets: (2**17,) int32, where the hashes of each bucket begin.
        weights: (V + 1, K) int8; the last row is 0.
        at: (T,) int64, scratch.
    Adds to:
        sums: (K,) int32.
    """
    # SPEED: step by step for all features, so that the memory is asked for many of them at once: a fifth of the time.
    for t in range(len(values)):
        at[t] = buckets[values[t] >> BUCKET]
    for t in range(len(values)):
        value, row = values[t], at[t]
        row += hashes[row] < value
        row += hashes[row] < value
        while hashes[row] < value:
            row += 1
        at[t] = row if hashes[row] == value else len(weights) - 1
    for t in range(len(values)):
        row = at[t]
        for tag in range(len(sums)):
            sums[tag] += weights[row, tag]


@driver
def sum_features(values, hashes, buckets, weights, at, sums):
    """Sums of features whose hashes are given.

    Args:
        values: (N, T) uint32.
        hashes, buckets, weights, at: as in `add_weights`.
    Adds to:
        sums: (N, K) int32.
    """
    for i in range(len(values)):
        add_weights(values[i], hashes, buckets, weights, at, sums[i])


@driver
def label_words(starts, ends, spans, borders, labels):
    """Which span each word lies in.

    Args:
        starts, ends: (N,) int64, of the words.
        spans: (M, 3) int64, start, end and number of the label of a word that begins a span; the next number is of one that goes on.
        borders: (names + 1,) int64, the first span of each name, and M; the spans of a name are sorted.
    Writes:
        labels: (names, N) int64, a number; 0 of a word in no span of this name.
    """
    for name in range(len(labels)):
        at, last = borders[name], borders[name + 1]
        for i in range(len(starts)):
            while at < last and spans[at, 1] <= starts[i]:
                at += 1
            marked = at < last and spans[at, 0] < ends[i]
            labels[name, i] = spans[at, 2] + (spans[at, 0] < starts[i]) if marked else 0


@kernel
def after(crc, count, advance):
    """See the module.

    Args:
        crc: uint32.
        count: int, below n.
        advance: (n, 4, 256) uint32, what each byte of a CRC-32 becomes once so many bytes stand behind it.
    """
    table = advance[count]
    return table[0, crc & 255] ^ table[1, crc >> 8 & 255] ^ table[2, crc >> 16 & 255] ^ table[3, crc >> 24]


@driver
def sum_words(
    borders,
    words,
    around,
    turns,
    labels,
    texts,
    digits,
    templates,
    names,
    bars,
    advance,
    hashes,
    buckets,
    weights,
    columns,
    values,
    at,
    sums,
):
    """Sums of all features of every word that are not those of its line.

    Args:
        borders: (S + 1,) int64, the first word of each sentence, and N.
        words: (N + 1, 2, 5) uint32, CRC-32 and length of what SPELLED names; first those of no word.
        around: (N + 1, 5, K) int16, what a word adds by itself to the words from which it stands -2 .. 2 words further on.
        turns: (N + 1, 2) bool, whether it is a cue, a verb.
        labels: (names, N) int64, the number of each word's label.
        texts: (2, labels) uint32, CRC-32 and length of the labels.
        digits: (10,) uint32, their CRC-32.
        templates: (T, 3, 2) int64, column and shift of each part; no column is -1.
        names: (T, n) uint32, what `name=` in front adds to the CRC-32 of so many bytes.
        bars: (n,) uint32, the same of `|`.
        advance, hashes, buckets, weights: as in `after` and `add_weights`.
        columns: (2, 10 + 3 * names) uint32, scratch: CRC-32 and length of SPELLED, FOLLOWED and the labels of the word before, of the
            word and of the word after.
        values, at: (T,) uint32 and int64, scratch.
    Adds to:
        sums: (N, K) int32.
    """
    crc, size = columns
    for s in range(len(borders) - 1):
        begin, end = borders[s], borders[s + 1]
        said = verb = 0  # the row of the last cue, of the last verb; that of no word before there is one
        for i in range(begin, end):
            for place in range(-REACH, REACH + 1):
                row = i + place + 1 if begin <= i + place < end else 0
                for tag in range(sums.shape[1]):
                    sums[i, tag] += around[row, REACH + place, tag]
            crc[SAID], size[SAID] = words[said, 0, WORD], words[said, 1, WORD]
            crc[VERB], size[VERB] = words[verb, 0, FORM], words[verb, 1, FORM]
            crc[SINCE], size[SINCE] = digits[min(i - verb, MOST_SINCE)], 1
            if not verb:
                crc[VERB] = size[VERB] = crc[SINCE] = size[SINCE] = 0
            crc[BEGIN], size[BEGIN] = digits[min(i - begin, MOST_BEGIN)], 1
            crc[END], size[END] = digits[min(end - 1 - i, MOST_END)], 1
            for name in range(len(labels)):
                for place in range(-1, 2):  # in other sentences too
                    column, label = END + 2 + 3 * name + place, labels[name, i + place] if 0 <= i + place < labels.shape[1] else 0
                    crc[column], size[column] = texts[0, label], texts[1, label]
            for t in range(len(templates)):
                value = np.uint32(0)
                for part in range(templates.shape[1]):
                    column, place = templates[t, part, 0], i + templates[t, part, 1]
                    if column < 0:
                        break
                    if column < SAID:
                        row = place + 1 if begin <= place < end else 0
                        own, count = words[row, 0, column], words[row, 1, column]
                    else:
                        own, count = crc[column], size[column]
                    value = after(value, count + 1, advance) ^ bars[count] ^ own if part else names[t, count] ^ own
                values[t] = value
            add_weights(values, hashes, buckets, weights, at, sums[i])
            said = i + 1 if turns[i + 1, 0] else said
            verb = i + 1 if turns[i + 1, 1] else verb


@driver
def best_paths(borders, scores, moves, starts, ends, came, tags):
    """The best tags of every sentence, by Viterbi's algorithm; of equal ones the first.

    best_t = emit_t + max_j (best_{t-1,j} + move_jk)

    Args:
        borders: (S + 1,) int64, the first word of each sentence, and N.
        scores: (N, K) float64; overwritten.
        moves: (K, K) float64, from row to column.
        starts, ends: (K,) float64, added to those of the first, of the last word of a sentence.
        came: (N, K) int8, scratch.
    Writes:
        tags: (N,) int64.
    """
    for s in range(len(borders) - 1):
        begin, end = borders[s], borders[s + 1]
        scores[begin] += starts
        scores[end - 1] += ends
        for i in range(begin + 1, end):
            for tag in range(len(moves)):
                best = 0
                for before in range(1, len(moves)):
                    if scores[i - 1, before] + moves[before, tag] > scores[i - 1, best] + moves[best, tag]:
                        best = before
                came[i, tag] = best
                scores[i, tag] += scores[i - 1, best] + moves[best, tag]
        best = 0
        for tag in range(1, len(moves)):
            best = tag if scores[end - 1, tag] > scores[end - 1, best] else best
        for i in range(end - 1, begin - 1, -1):
            tags[i] = best
            best = came[i, best]


DRIVERS = (sum_features, label_words, sum_words, best_paths)


def run_drivers() -> None:
    """Run each on one word, which compiles what `kernels.compile.compiling` does ahead."""
    from minirank.extract.rules.spans import skill_spans

    skill_spans("Go")
