"""Whether this process is one of several that a launcher started, and what is said where they cannot work together.

A launcher (mpirun, mpiexec, srun --mpi) tells each process its number and how many there are in variables of the environment. Only
where it does, and there is more than one, is mpi4py imported.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from typing import TextIO

from ..errors import ConfigError
from ..terminal import printable
from .ranks import ALONE, Ranks

# (number of a process, how many there are) of Open MPI, of MPICH and Intel MPI (PMI, PMI2), and of PMIx under Slurm
VARIABLES = (("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE"), ("PMI_RANK", "PMI_SIZE"), ("PMIX_RANK", "SLURM_STEP_NUM_TASKS"))
ON_MACHINE = ("OMPI_COMM_WORLD_LOCAL_RANK", "MPI_LOCALRANKID", "SLURM_LOCALID")  # its number among those of its machine
APART = "SLURM_STEP_NUM_TASKS"  # how many processes srun started, whether they can find each other or not
INSTALL = 'pip install "minirank[mpi]", or mpi4py for the MPI that launched it'


@dataclass(frozen=True)
class Launch:
    """What a launcher says of this process.

    Args:
        rank: its number. size: how many there are; 1 without a launcher. on_machine: its number among those of its machine.
        stderr: where this process tells errors, whether it speaks otherwise or not.
        apart: how many srun started that do not know of each other; 1 where they do, or without it.
    """

    rank: int = 0
    size: int = 1
    on_machine: int = 0
    stderr: TextIO = field(default_factory=lambda: sys.stderr)
    apart: int = 1

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Launch:
        """What the environment says."""
        for rank, size in VARIABLES:
            number, count = environment.get(rank, ""), environment.get(size, "")
            if number.isdecimal() and count.isdecimal() and int(count) > 1:
                local = next((environment[name] for name in ON_MACHINE if environment.get(name, "").isdecimal()), "0")
                return cls(int(number), int(count), int(local))
        tasks = environment.get(APART, "")
        knows = any(rank in environment for rank, _ in VARIABLES)
        return cls(apart=int(tasks) if tasks.isdecimal() and not knows else 1)

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Within it rank 0 alone writes to stdout and stderr."""
        if self.rank == 0:
            yield
            return
        with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere), redirect_stderr(nowhere):
            yield

    def join(self, command: str, may_run: bool) -> Ranks:
        """All processes of the launch.

        Args:
            command: that they run. may_run: whether it runs on several.
        Raises:
            ConfigError: it does not, or they cannot find each other.
        """
        if self.apart > 1 and may_run:
            remedy = "give it --mpi=pmi2 (MPICH) or --mpi=pmix (Open MPI), or -n 1"
            raise ConfigError(f"srun started {self.apart} processes that do not know of each other; {remedy}")
        if self.size == 1:
            return ALONE
        if not may_run:
            raise ConfigError(f"minirank {command} runs as one process, {self.size} were launched; start it without mpirun")
        try:
            import mpi4py

            mpi4py.rc.thread_level = "serialized"  # one thread at a time asks MPI for something
            from .mpi import MPI, MpiRanks
        except (ImportError, RuntimeError) as error:  # the second one where the MPI library is missing
            problem = f"{self.size} processes were launched, but MPI is missing ({error}); {INSTALL}"
            if self.rank > 0 and self.on_machine == 0:  # rank 0, which speaks, may have it
                self._speak(f"minirank: error: {problem} (on rank {self.rank})")
            raise ConfigError(problem) from None
        world = MPI.COMM_WORLD
        if world.size != self.size:
            remedy = f"mpirun and mpi4py belong to different MPIs; {INSTALL}"
            raise ConfigError(f"{self.size} processes were launched, but MPI finds {world.size}: {remedy}")
        return MpiRanks(world, self._speak)

    def _speak(self, line: str) -> None:
        self.stderr.write(f"{printable(line)}\n")
        self.stderr.flush()
