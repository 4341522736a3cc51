"""What has been asked and answered, in one SQLite file that survives a kill at any moment.

Items are the caller's; a result belongs to the digest of a request, so that equal requests are asked and paid for
once, and a changed prompt, schema or model is another result beside the old one.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from typing import Any

from .cost import Attempt
from .errors import FatalError, LLMError
from .forks import renew_in_forks
from .request import Ability, Request

VERSION = 2
BATCH = 500  # rows of a commit while the input is noted
ABILITY_SECONDS = 86_400.0  # what a server was found to accept is asked anew after a day
_TABLES = """
CREATE TABLE IF NOT EXISTS results (
    digest TEXT PRIMARY KEY, status TEXT NOT NULL CHECK (status IN ('pending', 'done', 'failed')),
    value TEXT, kind TEXT, error TEXT, provenance TEXT, finished REAL);
CREATE TABLE IF NOT EXISTS items (key TEXT PRIMARY KEY, digest TEXT NOT NULL, run INTEGER NOT NULL, meta TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS items_run ON items (run, digest);
CREATE TABLE IF NOT EXISTS attempts (
    digest TEXT NOT NULL, time REAL NOT NULL, rung TEXT NOT NULL, status INTEGER, outcome TEXT NOT NULL,
    tokens_in INTEGER NOT NULL, tokens_out INTEGER NOT NULL, ms REAL NOT NULL, cost REAL NOT NULL,
    estimated INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS abilities (base_url TEXT, model TEXT, ability TEXT, time REAL, PRIMARY KEY (base_url, model));
CREATE TABLE IF NOT EXISTS runs (run INTEGER PRIMARY KEY, pid INTEGER NOT NULL, began REAL NOT NULL);
"""
_ADD_ATTEMPT = "INSERT INTO attempts VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_NEWER = {1: "ALTER TABLE attempts ADD COLUMN estimated INTEGER NOT NULL DEFAULT 0"}  # version -> what makes the next of it


@dataclass(frozen=True)
class Counts:
    """How many items stand where; done + failed + pending = input."""

    done: int = 0
    failed: int = 0
    pending: int = 0

    @property
    def input(self) -> int:
        """All items."""
        return self.done + self.failed + self.pending


@dataclass(frozen=True)
class Item:
    """One item and what came of it.

    Args:
        key: the caller's name of it.
        digest: of its request.
        status: pending, done or failed.
        value: the answer, where done.
        kind, error: word and line that say why, where failed.
        provenance: base_url, model, rung, repaired, attempts ... of the answer.
        meta: as the request had it.
    """

    key: str
    digest: str
    status: str
    value: object
    kind: str | None
    error: str | None
    provenance: dict
    meta: dict


class Store:
    """A store of results. Safe from several threads; one run at a time writes (see `writing`).

    Args:
        path: of the file; made when it does not exist.
    Raises:
        FatalError: not a store, a store of another version, or a folder that cannot be written.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._inherited: list[sqlite3.Connection] = []
        self._connection: sqlite3.Connection | None = None
        renew_in_forks(self).renew()
        self._connection = self._connect()

    def renew(self) -> None:
        """Connect anew in a forked process: SQLite's connections must not be used, nor closed, in two."""
        if self._connection is not None:
            self._inherited.append(self._connection)
        self._lock, self._connection = threading.RLock(), None
        self._sent: dict[str, list[int]] = {}  # digest -> rows of attempts that are under way

    @property
    def _db(self) -> sqlite3.Connection:
        """The connection of this process."""
        if self._connection is None:
            self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=30.0, isolation_level=None, check_same_thread=False)
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, *_NEWER, VERSION):
                text = f"{self.path} is a store of version {version}, this program writes {VERSION}; use another file"
                raise FatalError(text, kind="store")
            tables = {name for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            if tables and (version == 0 or len(tables & {"results", "items", "attempts", "abilities", "runs"}) < 3):
                raise FatalError(f"{self.path} is a database of something else; give another file", kind="store")
            db.execute("PRAGMA journal_mode = WAL")
            db.execute("PRAGMA synchronous = NORMAL")  # a killed process loses nothing; a power cut at most the last commits
            if version == 0:
                db.executescript(f"BEGIN; {_TABLES} PRAGMA user_version = {VERSION}; COMMIT;")
            elif version != VERSION:
                db.execute("BEGIN IMMEDIATE")
                for number in range(db.execute("PRAGMA user_version").fetchone()[0], VERSION):  # another process may have been first
                    db.execute(_NEWER[number])
                db.execute(f"PRAGMA user_version = {VERSION}")
                db.execute("COMMIT")
        except (sqlite3.Error, OSError) as error:
            raise FatalError(f"{self.path} cannot be used as a store: {error}; give another file", kind="store") from None
        return db

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def __enter__(self) -> Store:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @contextmanager
    def writing(self) -> Iterator[int]:
        """Be the one run that writes, for as long as the block lasts; a process that dies leaves no lock.

        Yields:
            The number of the run.
        Raises:
            FatalError: another run writes to this store.
        """
        lock = sqlite3.connect(f"{self.path}.lock", timeout=0.0, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError:
                with self._reading():
                    holder = self._db.execute("SELECT pid, began FROM runs ORDER BY run DESC LIMIT 1").fetchone() or (0, time.time())
                since = time.strftime("%H:%M:%S", time.localtime(holder[1]))
                text = f"{self.path} is in use by another run (process {holder[0]}, since {since}); wait for it or give another store"
                raise FatalError(text, kind="locked") from None
            except sqlite3.DatabaseError as error:
                raise FatalError(f"{self.path}.lock cannot be a lock: {error}; move it, or give another store", kind="store") from None
            with self._transaction():
                run = self._db.execute("INSERT INTO runs (pid, began) VALUES (?, ?)", (os.getpid(), time.time())).lastrowid
            assert run is not None
            yield run
        finally:
            lock.close()

    def register(self, requests: Iterable[Request], model: str, run: int) -> None:
        """Note items as input of a run; those without a result are pending."""
        rows = []
        for request in requests:
            rows.append((request.key, request.digest(model), run, json.dumps(request.meta)))
            if len(rows) == BATCH:
                self._register(rows)
                rows = []
        self._register(rows)

    def _register(self, rows: list[tuple]) -> None:
        with self._transaction():
            self._db.executemany("INSERT OR IGNORE INTO results (digest, status) VALUES (?, 'pending')", [row[1:2] for row in rows])
            self._db.executemany("INSERT OR REPLACE INTO items (key, digest, run, meta) VALUES (?, ?, ?, ?)", rows)

    def retry_failed(self, run: int | None = None) -> int:
        """Make failed results of a run's input, or all, pending again; their attempts stay in the ledger. Returns how many."""
        where, values = ("", ()) if run is None else (" AND digest IN (SELECT digest FROM items WHERE run = ?)", (run,))
        with self._transaction():
            reset = "UPDATE results SET status = 'pending', kind = NULL, error = NULL WHERE status = 'failed'"
            return self._db.execute(reset + where, values).rowcount

    def status(self, digest: str) -> str | None:
        """pending, done or failed; None for a digest that is not noted."""
        with self._reading():
            row = self._db.execute("SELECT status FROM results WHERE digest = ?", (digest,)).fetchone()
        return row and row[0]

    def finish(self, digest: str, value: object, provenance: dict, attempts: Iterable[Attempt]) -> None:
        """Commit an answer with the attempts that it took. A result that is done already is kept."""
        self._conclude(("done", json.dumps(value), None, None, json.dumps(provenance), time.time(), digest), attempts)

    def finish_many(self, answers: Iterable[tuple[str, object]], provenance: dict, attempts: Iterable[Attempt]) -> None:
        """Commit the (digest, answer) pairs of one request, which need not be noted before, with the attempts that it took."""
        source, now = json.dumps(provenance), time.time()
        rows = [(digest, "done", json.dumps(value), None, None, source, now) for digest, value in answers]
        with self._transaction():
            self._db.executemany("INSERT OR REPLACE INTO results VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            self._attempts(rows[0][0], attempts)
        self._sent.pop(rows[0][0], None)

    def concluded(self, digests: Iterable[str]) -> set[str]:
        """Those that are done or failed."""
        query = "SELECT digest FROM results WHERE status != 'pending' AND digest IN "
        return {digest for (digest,) in self._chosen(query, digests)}

    def values(self, digests: Iterable[str]) -> Iterator[tuple[str, Any]]:
        """(digest, answer) of those that are done."""
        for digest, value in self._chosen("SELECT digest, value FROM results WHERE status = 'done' AND digest IN ", digests):
            yield digest, _load(value)

    def _chosen(self, query: str, digests: Iterable[str]) -> Iterator[tuple]:
        wanted = list(dict.fromkeys(digests))
        for first in range(0, len(wanted), BATCH):
            part = wanted[first : first + BATCH]
            with self._reading():
                rows = self._db.execute(f"{query}({','.join('?' * len(part))})", part).fetchall()
            yield from rows

    def fail(self, digest: str, error: LLMError, provenance: dict) -> None:
        """Commit a final error with the attempts that it took."""
        self._conclude(("failed", None, error.kind, str(error), json.dumps(provenance), time.time(), digest), error.attempts)

    def note_attempts(self, digest: str, attempts: Iterable[Attempt]) -> None:
        """Commit attempts of a request that stays pending."""
        with self._transaction():
            self._attempts(digest, attempts)
        self._sent.pop(digest, None)

    def note_sent(self, digest: str, attempt: Attempt) -> None:
        """Commit an attempt that is about to be sent; whatever is committed for the digest next takes its place."""
        with self._transaction():
            row = self._db.execute(_ADD_ATTEMPT, (digest, *astuple(attempt))).lastrowid
            assert row is not None
            self._sent.setdefault(digest, []).append(row)

    def _conclude(self, row: tuple, attempts: Iterable[Attempt]) -> None:
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO results (digest, status) VALUES (?, 'pending')", row[-1:])
            self._db.execute(
                "UPDATE results SET status = ?, value = ?, kind = ?, error = ?, provenance = ?, finished = ? "
                "WHERE digest = ? AND status != 'done'",
                row,
            )
            self._attempts(row[-1], attempts)
        self._sent.pop(row[-1], None)

    def _attempts(self, digest: str, attempts: Iterable[Attempt]) -> None:
        self._db.executemany("DELETE FROM attempts WHERE rowid = ?", [(row,) for row in self._sent.get(digest, ())])
        self._db.executemany(_ADD_ATTEMPT, [(digest, *astuple(attempt)) for attempt in attempts])

    def get(self, key: str) -> Item | None:
        """One item."""
        return next(self._items("WHERE key = ?", (key,)), None)

    def items(self, run: int | None = None) -> Iterator[Item]:
        """All items, or those of one run, by key."""
        return self._items("ORDER BY key") if run is None else self._items("WHERE run = ? ORDER BY key", (run,))

    def _items(self, where: str, values: tuple = ()) -> Iterator[Item]:
        query = "SELECT key, digest, status, value, kind, error, provenance, meta FROM items JOIN results USING (digest) "
        with self._reading():
            cursor = self._db.execute(query + where, values)
        while True:
            with self._reading():
                rows = cursor.fetchmany(BATCH)
                items = [
                    Item(key, digest, status, _load(value), kind, error, _load(provenance) or {}, _load(meta))
                    for key, digest, status, value, kind, error, provenance, meta in rows
                ]
            if not rows:
                return
            yield from items

    def counts(self, run: int | None = None) -> Counts:
        """Items by status, of all runs or of one."""
        where, values = ("", ()) if run is None else ("WHERE run = ?", (run,))
        with self._reading():
            rows = self._db.execute(f"SELECT status, COUNT(*) FROM items JOIN results USING (digest) {where} GROUP BY status", values)
            return Counts(**dict(rows))

    def calls_left(self, run: int) -> int:
        """Different pending requests of a run."""
        query = "SELECT COUNT(DISTINCT digest) FROM items JOIN results USING (digest) WHERE run = ? AND status = 'pending'"
        with self._reading():
            return self._db.execute(query, (run,)).fetchone()[0]

    def ledger(self) -> dict:
        """Sums over all attempts: attempts, tokens_in, tokens_out, cost, seconds, and outcomes by name; `estimated` attempts
        had an answer whose tokens the server did not count."""
        with self._reading():
            sums = self._db.execute(
                "SELECT COUNT(*), TOTAL(tokens_in), TOTAL(tokens_out), TOTAL(cost), TOTAL(ms) / 1000, TOTAL(estimated) FROM attempts"
            ).fetchone()
            outcomes = dict(self._db.execute("SELECT outcome, COUNT(*) FROM attempts GROUP BY outcome ORDER BY outcome"))
        attempts, tokens_in, tokens_out, cost, seconds, estimated = sums
        tokens = {"tokens_in": int(tokens_in), "tokens_out": int(tokens_out), "estimated": int(estimated)}
        return {"attempts": attempts, **tokens, "cost": cost, "seconds": seconds, "outcomes": outcomes}

    def ability(self, base_url: str, model: str) -> Ability | None:
        """What a server and model were found to accept within the last day."""
        query = "SELECT ability FROM abilities WHERE base_url = ? AND model = ? AND time > ?"
        with self._reading():
            row = self._db.execute(query, (base_url, model, time.time() - ABILITY_SECONDS)).fetchone()
            return Ability(**json.loads(row[0])) if row else None

    def keep_ability(self, base_url: str, model: str, ability: Ability) -> None:
        """Remember it."""
        row = (base_url, model, json.dumps(asdict(ability)), time.time())
        with self._transaction():
            self._db.execute("INSERT OR REPLACE INTO abilities VALUES (?, ?, ?, ?)", row)

    @contextmanager
    def _reading(self) -> Iterator[None]:
        """One thread at a time; a file that was damaged is an error of the user's, not of ours."""
        with self._lock:
            try:
                yield
            except (sqlite3.Error, ValueError, TypeError, OverflowError, RecursionError) as error:
                raise FatalError(f"{self.path} is damaged: {error}; restore it or give another file", kind="store") from None

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        """One commit; all or nothing, whatever happens."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                remedy = "finished items are kept, free some space or give another file, and start again"
                raise FatalError(f"{self.path} cannot be written: {error}; {remedy}", kind="store") from None
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _load(text: str | None) -> Any:
    return None if text is None else json.loads(text)
