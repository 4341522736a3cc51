"""Who is measured, the environment of the peers, and a process for each of them."""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
import venv
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.tables import CHECKOUT

OURS = "minirank"


@dataclass(frozen=True)
class Competitor:
    """One program with one set of options.

    Args:
        family: whose; of a family only the best variant counts. file: of peers/, without `.py`.
        variant: as the file explains it. checkout: of a build of minirank, which needs no environment of the peers.
        own_model: it is the family's own model at the same sizes, so that its loss cannot equal ours.
        everywhere: it takes part in every cell, for it was fast on small and on base; the others take part with two threads
            and gates `bias` on small and base alone.
    """

    family: str
    file: str
    variant: str = ""
    checkout: Path | None = None
    own_model: bool = False
    everywhere: bool = True

    @property
    def name(self) -> str:
        return f"{self.family}: {self.variant}" if self.variant else self.family

    @property
    def program(self) -> Path:
        """What its process runs: the file of its own checkout, wherever that keeps it."""
        checkout = self.checkout or CHECKOUT
        places = [checkout / "bench" / folder / f"{self.file}.py" for folder in ("speed/peers", "peers")]
        return next((place for place in places if place.exists()), places[0])


def build(name: str, checkout: Path | str) -> Competitor:
    """A build of minirank."""
    return Competitor(name, "minirank_cpu", checkout=Path(checkout).resolve())


MINIRANK = build(OURS, CHECKOUT)


def variants(family: str, file: str, first: str, *others: str) -> list[Competitor]:
    """Those of a family, the one first that takes part everywhere."""
    return [Competitor(family, file, first), *(Competitor(family, file, other, everywhere=False) for other in others)]


# The peers; ours always takes part.
TRAINING = (
    *variants("PyTorch eager", "torch_eager", "loop, dense", "loop, sparse", "wide, dense", "wide, sparse", "bmm, dense"),
    *variants("torch.compile", "torch_compiled", "loop, dense", "wide, dense", "loop, sparse"),
    *variants("JAX jit", "jax_jit", "loop, lazy", "wide, dense"),
    Competitor("torch-rechub", "rechub_mmoe", own_model=True),
    Competitor("DeepCTR-Torch", "deepctr_mmoe", own_model=True),
)
SCORING = (
    Competitor("ONNX Runtime", "onnx_runtime"),
    Competitor("torch.compile, frozen", "torch_frozen", "compiled, wide"),
    Competitor("torch.compile, frozen", "torch_frozen", "compiled, loop"),
    Competitor("TorchScript, frozen", "torch_frozen", "jit, wide"),
)
STARTING = tuple(one for one in TRAINING if one.variant in ("loop, dense", "loop, lazy"))


def make_peers(folder: Path) -> None:
    """An environment of their own for the packages of the extra `bench`."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    venv.create(folder, with_pip=True)
    subprocess.run([python_of(folder), "-m", "pip", "install", *project["project"]["optional-dependencies"]["bench"]], check=True)


def python_of(folder: Path) -> str:
    """The Python of an environment."""
    return str(folder.resolve() / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


class PeerError(Exception):
    """A competitor failed; one line says how."""


class Process:
    """A competitor in a process of its own; it computes only while `ask` waits for its answer.

    Args:
        peers: environment of all but builds of minirank.
        cache: folder for compiled code, by default the one that it always uses, of torch.compile one in `peers`.
    """

    def __init__(self, competitor: Competitor, peers: Path | None = None, cache: Path | None = None) -> None:
        if competitor.checkout:
            python, places = sys.executable, {"PYTHONPATH": str(competitor.checkout)} | ({"NUMBA_CACHE_DIR": str(cache)} if cache else {})
        else:
            python, places = python_of(peers), {"TORCHINDUCTOR_CACHE_DIR": str((cache or peers) / "inductor")}
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")  # noqa: SIM115  (`close` does)
        command, streams = [python, str(competitor.program)], {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": self._errors}
        self._process = subprocess.Popen(command, text=True, encoding="utf-8", env=os.environ | places, **streams)

    def ask(self, command: str, **arguments):
        """The answer to one command of peers/worker.py.

        Raises:
            PeerError: the command failed, or the process has ended.
        """
        with suppress(BrokenPipeError):  # the line that is missing below says so
            self._process.stdin.write(json.dumps([command, arguments]) + "\n")
            self._process.stdin.flush()
        # A library may print before `serve` can send it elsewhere.
        line = next((line for line in self._process.stdout if line.startswith("{")), "")
        if not line:
            self._errors.seek(0)
            said = self._errors.read().strip().splitlines()
            raise PeerError(f"ended with status {self._process.wait()}: {said[-1] if said else 'it said nothing'}")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer["answer"]

    def close(self) -> None:
        """Wait until the process has ended."""
        self._process.stdin.close()
        self._process.stdout.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._errors.close()
