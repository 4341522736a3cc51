"""What an entry holds: columns of numbers, packed, and lists of texts, each under a name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from minirank.data.kept.array_file import Damaged
from minirank.data.kept.packed import Packed
from minirank.data.kept.scratch import Scratch


class EntryWriter:
    """Gathers what `EntryReader` gives back.

    Attributes:
        arrays: for `Kept.write`. about: likewise; whoever writes may add to it.

    Args:
        scratch: keeps the arrays meanwhile, where memory does not.
    """

    def __init__(self, scratch: Scratch | None = None) -> None:
        self.arrays: dict[str, np.ndarray] = {}
        self.about: dict[str, Any] = {"columns": {}, "texts": {}}
        self._same: dict[tuple, str] = {}
        self._scratch = scratch

    def column(self, name: str, values: np.ndarray, pack: bool = True) -> None:
        """(N,) numbers; those of an earlier column are not written again. Without `pack` they are read where they lie."""
        if pack:
            self.columns({name: values})
        else:
            self.arrays |= {f"{name}.numbers": values, f"{name}.codes": np.empty(0, np.uint8)}
            self.about["columns"][name] = [values.dtype.str, len(values), "raw"]

    def columns(self, columns: Mapping[str, np.ndarray]) -> None:
        """Several of them, packed side by side."""
        new = {}
        for name, values in columns.items():
            values = np.ascontiguousarray(values)
            key = values.dtype.str, len(values), hashlib.sha256(values.view(np.uint8).data).digest()
            other = self._same.setdefault(key, name)
            if other == name:
                new[name] = values
            else:
                self.about["columns"][name] = other
        with ThreadPoolExecutor(2) as threads:
            for name, packed in zip(new, threads.map(Packed.of, new.values())):
                for part, array in (("numbers", packed.numbers), ("codes", packed.codes)):
                    self.arrays[f"{name}.{part}"] = array if self._scratch is None else self._scratch.put(array)
                self.about["columns"][name] = [packed.dtype.str, packed.length, packed.kind]

    def texts(self, name: str, texts: Sequence[str]) -> None:
        """Texts, half of a surrogate pair included."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        self.arrays[f"{name}.bytes"] = np.frombuffer(b"".join(parts), np.uint8)
        self.column(f"{name}.lengths", np.array([len(part) for part in parts], np.int64))
        self.about["texts"][name] = len(parts)


class EntryReader:
    """The inverse of `EntryWriter`.

    Args:
        arrays, about: of `Kept.read`.
    Raises:
        Damaged: the entry is of another form.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray], about: Any) -> None:
        if not isinstance(about, dict) or "columns" not in about:
            raise Damaged("another form")
        self.about, self._arrays = about, arrays

    def column(self, name: str) -> Packed:
        """Numbers, still packed."""
        found = self.about["columns"][name]
        if isinstance(found, str):
            return self.column(found)
        dtype, length, kind = found
        return Packed(np.dtype(dtype), length, kind, self._arrays[f"{name}.numbers"], self._arrays[f"{name}.codes"])

    def texts(self, name: str) -> list[str]:
        """Texts."""
        content = self._arrays[f"{name}.bytes"].tobytes()
        ends = np.cumsum(self.column(f"{name}.lengths").rows()).tolist()
        return [content[start:end].decode("utf-8", "surrogatepass") for start, end in zip([0, *ends], ends)]
