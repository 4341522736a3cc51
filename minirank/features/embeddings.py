"""Vectors of the pieces of texts, and how alike a job and a resume are by them.

A piece is an item of a list, a line or a sentence: what repeats is embedded once, and what a job asks for meets the very words of a
resume. Pieces are cut from the plain form without flagged and masked spans, so who a person is makes no difference.

Vectors are of length 1, in steps of 1 / SCALE, as whole numbers: their products are exact in float32, so that neither the order of a
sum nor who else is compared changes a bit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from minirank.errors import RunError
from minirank.extract import lexicon
from minirank.extract.edited_text import EditedText
from minirank.extract.normalised_text import NormalisedText
from minirank.npz import BadNpz, map_array, read_npz
from minirank.storage import reading, save_npz

SCALE = 4000  # SCALE^2 < 2^24, below which float32 holds every whole number
LONGEST = 300  # characters of a piece
MOST_PIECES = 400  # of a text
ID_BYTES = 32
CHUNK = 4096  # vectors that are converted at a time
KEPT = 100_000  # vectors of texts that training did not see which a ranker keeps in memory
_AGAIN = "train again, or take the folder from a backup"
# Numbers end a piece as marks do: dates and sums would make one of its own of every line, and other features read them.
_ENDS = re.compile(r"[\n;,•·|()\[\]。、，；！？]+|\s[/–—-]\s|(?<=[.!?:])\s+|\d+(?:[.,:%/-]+\d+)*%?")
_EDGES = " \t-*–—.:!?\"'“”"

Ask = Callable[[list[str]], Sequence[bytes | None]]  # texts -> vectors as float32 in little-endian order, None where there is none


def text_id(text: str) -> bytes:
    """What a vector is found by: the first 32 digits of SHA-256 (hex) of the text in UTF-8."""
    return sha256(text.encode("utf-8", "replace")).hexdigest()[:ID_BYTES].encode()


def quantised(rows: np.ndarray) -> np.ndarray:
    """(n, W) int16: directions in steps of 1 / SCALE; 0 where a row is 0 or not finite. What is int16 already is taken as such."""
    if rows.dtype == np.int16:
        return rows
    rows = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0).astype(np.float64)
    length = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return np.rint(SCALE * rows / np.where(length > 0, length, 1)).astype(np.int16)


class Vectors:
    """Vectors of one model by the contents of their texts.

    Args:
        model: its name.
        width: W, numbers of a vector; None until the first one is there.
        ids: (n,) sorted `text_id`s. rows: (n, W) int16, as of `quantised`, or of floats; may be memory-mapped.
        ask: for the vectors of other texts; None where there is nobody to ask.
        keep: how many of those stay in memory; None for all.

    Attributes:
        lacked: whether any text that was looked up had no vector.
    """

    def __init__(
        self,
        model: str,
        width: int | None = None,
        ids: np.ndarray | None = None,
        rows: Any = None,
        ask: Ask | None = None,
        keep: int | None = None,
    ) -> None:
        self.model, self.width, self.ask, self.keep = model, width, ask, keep
        self.lacked = False
        self._ids = np.zeros(0, f"S{ID_BYTES}") if ids is None else ids
        self._rows = rows
        self._more: dict[bytes, np.ndarray] = {}  # of texts that were asked for, (W,) int16

    def __len__(self) -> int:
        return len(self._ids) + len(self._more)

    @classmethod
    def load(cls, path: Path, remedy: str = _AGAIN) -> Vectors:
        """Those of a file, memory-mapped: arrays `id` (n,), `vector` (n, W) and `model`, the name.

        Raises:
            RunError: it cannot be read, or does not hold these.
        """
        with reading(path, remedy):
            arrays = read_npz(path, lambda headers: [name for name in ("id", "model") if name in headers])
            rows = map_array(path, "vector")
            if len(arrays) < 2:
                raise BadNpz(f"must hold the arrays id, vector and model, {' and '.join({'id', 'model'} - set(arrays))} is missing")
            ids, model = arrays["id"], arrays["model"]
            if (
                ids.dtype.kind not in "SU"
                or rows.ndim != 2
                or ids.shape != rows.shape[:1]
                or rows.dtype.kind not in "fi"
                or not rows.shape[1]
            ):
                shapes = f"they are {ids.shape} {ids.dtype} and {rows.shape} {rows.dtype}"
                raise BadNpz(f"id must be n texts and vector (n, W) numbers, {shapes}")
        ids, order = ids.astype(f"S{ID_BYTES}"), None
        if not (ids[1:] >= ids[:-1]).all():
            order = np.argsort(ids, kind="stable")
        return cls(str(model), rows.shape[1], ids if order is None else ids[order], rows if order is None else _Reordered(rows, order))

    def save(self, path: Path) -> None:
        """Write all of them; the same vectors give the same bytes."""
        ids = np.concatenate([self._ids, np.array([*self._more], f"S{ID_BYTES}")])
        parts = [] if self._rows is None else [quantised(self._rows[first : first + CHUNK]) for first in range(0, len(self._ids), CHUNK)]
        parts += [row[None] for row in self._more.values()]
        rows = np.concatenate(parts) if parts else np.zeros((0, self.width or 1), np.int16)
        ids, first = np.unique(ids, return_index=True)
        save_npz(path, {"id": ids, "vector": rows[first], "model": np.array(self.model)})

    def of(self, texts: Sequence[str]) -> np.ndarray:
        """(n, W) int16, rows of 0 where there is no vector.

        Raises:
            RunError: a vector that was asked for has another width.
        """
        names = [text_id(text) for text in texts]
        keys = np.array(names, f"S{ID_BYTES}")
        place = np.minimum(np.searchsorted(self._ids, keys), max(len(self._ids) - 1, 0))
        there = self._ids[place] == keys if len(self._ids) else np.zeros(len(keys), bool)
        more = self._others({name: text for name, text, held in zip(names, texts, there.tolist()) if not held})
        found = np.zeros((len(texts), self.width or 1), np.int16)
        at = np.flatnonzero(there)
        for first in range(0, len(at), CHUNK):
            part = at[first : first + CHUNK]
            found[part] = quantised(self._rows[place[part]])
        for row in np.flatnonzero(~there).tolist():
            vector = more.get(names[row])
            if vector is not None:
                found[row] = vector
            else:
                self.lacked = True
        return found

    @property
    def are_all(self) -> bool:
        """Whether what `save` writes decides what was made with them: no text lacked a vector, and none came from elsewhere for a while."""
        return not self.lacked and (self.keep is None or not self._more)

    def _others(self, texts: dict[bytes, str]) -> dict[bytes, np.ndarray]:
        """Vectors of texts that training did not see, by their ids: those in memory, and those that are asked for now."""
        more = self._more
        wanted = {name: text for name, text in texts.items() if name not in more}
        if not wanted or self.ask is None:
            return more
        if self.keep is not None and len(more) + len(wanted) > self.keep:
            more = self._more = {name: more[name] for name in texts if name in more}  # other threads go on with the one that they hold
        for name, found in zip(wanted, self.ask([*wanted.values()]), strict=True):
            if found is not None:
                vector = np.frombuffer(found, "<f4")
                if self.width is None:
                    self.width = len(vector)
                if len(vector) != self.width:
                    told = f"{self.model} gives vectors of {len(vector):,} numbers, these are of {self.width:,}"
                    raise RunError(f"features.embeddings: {told}; name the model that made them, or train again")
                more[name] = quantised(vector[None])[0]
        return more


class _Reordered:
    """The rows of a file in another order, as they are asked for."""

    def __init__(self, rows: np.ndarray, order: np.ndarray) -> None:
        self._rows, self._order = rows, order

    def __getitem__(self, places) -> np.ndarray:
        return self._rows[self._order[places]]


def pieces(text: str) -> Iterator[tuple[int, str]]:
    """Offset and words of every piece of a text in its plain form that holds a word."""
    begin, count = 0, 0
    for end, after in [*((found.start(), found.end()) for found in _ENDS.finditer(text)), (len(text), len(text))]:
        piece = " ".join(text[begin:end].split()).strip(_EDGES)[:LONGEST]
        if sum(map(str.isalpha, piece[:8])) > 1:
            yield begin, piece
            count += 1
            if count == MOST_PIECES:
                return
        begin = after


def asked_pieces(text: EditedText, title: int) -> tuple[str, list[str], list[str]]:
    """Of a job: its title, the pieces that say what is asked for, and all.

    Asked for is what stands under headings of must-haves; without any, all but what stands apart (benefits, the employer).

    Args:
        text: of title, line break and description, without flagged and masked spans. title: characters of the title.
    """
    document = NormalisedText(text, text.text, lexicon().job_headings)
    end = text.text_span(0, title)[1]
    found = [(at, piece) for at, piece in pieces(text.text) if at >= end]
    kinds = ("must",) if document.has("must") else ("nice", "responsibilities", None)
    asked = [piece for at, piece in found if document.section(at) in kinds]
    name = " ".join(text.text[:end].split())[:LONGEST]
    return name, asked, [name, *(piece for _, piece in found)]


@dataclass(frozen=True)
class Meaning:
    """n texts by the vectors of their pieces.

    A text counts as unknown where most of its pieces have no vector.

    Args:
        matrix: (U, W) int16, of different pieces.
        whole: (n, W) int16, the direction of the sum over the pieces of each text, 0 where there is none.
        title: (n, W) int16 likewise, of jobs.
        items, offsets: rows of `matrix` of each text: of jobs those that are asked for.
    """

    matrix: np.ndarray
    whole: np.ndarray
    title: np.ndarray | None
    items: np.ndarray
    offsets: np.ndarray

    @classmethod
    def of(
        cls, vectors: Vectors, all_pieces: Sequence[Sequence[str]], asked: Sequence[Sequence[str]], titles: Sequence[str] | None
    ) -> Meaning:
        """Of n texts, jobs where there are titles."""
        place: dict[str, int] = {}
        for piece in (each for found in (*all_pieces, *asked, titles or ()) for each in ([found] if isinstance(found, str) else found)):
            place.setdefault(piece, len(place))
        matrix = vectors.of([*place])
        known = np.asarray(matrix.any(axis=1))

        def rows_of(found: Iterable[str]) -> list[int]:
            rows = [*dict.fromkeys(place[piece] for piece in found)]
            there = [row for row in rows if known[row]]
            return there if 2 * len(there) >= len(rows) else []  # what is left of it would be another text

        whole = np.stack(
            [matrix[rows_of(found)].astype(np.int64).sum(axis=0) for found in all_pieces] or [np.zeros(matrix.shape[1], np.int64)]
        )
        items = [rows_of(found) for found in asked]
        offsets = np.cumsum([0, *map(len, items)])
        title = None if titles is None else matrix[[place[each] for each in titles]]
        return cls(matrix, quantised(whole[: len(all_pieces)]), title, np.array([row for each in items for row in each], np.int64), offsets)

    @property
    def missing(self) -> np.ndarray:
        """(n,) bool, whether a text is unknown."""
        return ~np.asarray(self.whole.any(axis=1))

    def take(self, rows: np.ndarray) -> Meaning:
        """The given texts, in the given order."""
        sizes = np.diff(self.offsets)[rows]
        items = np.concatenate([np.zeros(0, np.int64), *(self.items[self.offsets[row] : self.offsets[row + 1]] for row in rows.tolist())])
        title = None if self.title is None else self.title[rows]
        return replace(self, whole=self.whole[rows], title=title, items=items, offsets=np.concatenate([[0], np.cumsum(sizes)]))


def whole_cosine(jobs: Meaning, job: np.ndarray, resumes: Meaning, resume: np.ndarray) -> np.ndarray:
    """(N,) cosine of the whole texts of pairs, NaN where one has no vector."""
    found = np.full(len(job), np.nan)
    for first in range(0, len(job), CHUNK):
        part = slice(first, first + CHUNK)
        a, b = jobs.whole[job[part]].astype(np.float32), resumes.whole[resume[part]].astype(np.float32)
        found[part] = np.einsum("nw,nw->n", a, b)
    found /= SCALE**2
    found[jobs.missing[job] | resumes.missing[resume]] = np.nan
    return found


def best_cosines(jobs: Meaning, job: np.ndarray, resumes: Meaning, resume: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What of a job comes nearest in a resume.

    asked_meaning = mean over what is asked for of max over the resume's pieces of their cosine; title_meaning likewise, of the title.

    Returns:
        (N,) both, of pairs; NaN where a side has no vector.
    Source: the mean of maxima: Khattab and Zaharia, SIGIR 2020 (ColBERT), of pieces in the place of words.
    """
    asked, title = np.full(len(job), np.nan), np.full(len(job), np.nan)
    sizes = np.diff(resumes.offsets)
    order = np.argsort(job, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(job[order])) + 1) if len(order) else ():
        at = job[rows[0]]
        wanted = jobs.matrix[jobs.items[jobs.offsets[at] : jobs.offsets[at + 1]]]
        wanted = np.concatenate([wanted, jobs.title[at : at + 1]]).astype(np.float32)
        rows = rows[sizes[resume[rows]] > 0]
        if not len(rows):
            continue
        people, back = np.unique(resume[rows], return_inverse=True)
        starts = np.cumsum(np.concatenate([[0], sizes[people]]))[:-1]
        held = resumes.matrix[np.concatenate([resumes.items[resumes.offsets[p] : resumes.offsets[p + 1]] for p in people.tolist()])]
        best = np.maximum.reduceat(wanted @ held.astype(np.float32).T, starts, axis=1)[:, back].astype(np.float64) / SCALE**2
        if len(wanted) > 1:
            asked[rows] = best[:-1].sum(axis=0) / (len(wanted) - 1)
        if wanted[-1].any():
            title[rows] = best[-1]
    return asked, title
