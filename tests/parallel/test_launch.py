"""What a launcher says of a process, and what is said where several cannot work together."""

import sys

import pytest
from checkout import python
from command_line import refused

from minirank.errors import ConfigError
from minirank.parallel.launch import Launch
from minirank.parallel.ranks import ALONE


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, (0, 1, 0)),
        ({"PMI_RANK": "3", "PMI_SIZE": "4", "MPI_LOCALRANKID": "1"}, (3, 4, 1)),
        ({"OMPI_COMM_WORLD_RANK": "1", "OMPI_COMM_WORLD_SIZE": "2", "OMPI_COMM_WORLD_LOCAL_RANK": "1"}, (1, 2, 1)),
        ({"PMIX_RANK": "5", "SLURM_STEP_NUM_TASKS": "8", "SLURM_LOCALID": "2"}, (5, 8, 2)),
        ({"PMI_RANK": "0", "PMI_SIZE": "1"}, (0, 1, 0)),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4"}, (0, 1, 0)),  # srun without --mpi: tasks that know nothing of each other
        ({"PMI_RANK": "x", "PMI_SIZE": "4"}, (0, 1, 0)),
    ],
)
def test_launchers(environment, expected):
    found = Launch.of(environment)
    assert (found.rank, found.size, found.on_machine) == expected


@pytest.mark.parametrize("known", [{}, {"PMI_RANK": "0", "PMI_SIZE": "1"}])
def test_processes_of_srun_that_do_not_know_of_each_other(known):
    """They would all do the same work."""
    launch = Launch.of({"SLURM_PROCID": "1", "SLURM_STEP_NUM_TASKS": "4"} | known)
    assert launch.join("rank", may_run=False) is ALONE
    if known:
        assert launch.join("train", may_run=True) is ALONE
    else:
        with pytest.raises(ConfigError, match="^srun started 4 processes that do not know of each other; give it --mpi=pmi2"):
            launch.join("train", may_run=True)


def test_one_process_imports_no_mpi_and_no_arrays():
    code = (
        "import sys; from minirank.parallel.launch import Launch; from minirank.parallel.ranks import ALONE;"
        "assert Launch.of({}).join('train', True) is ALONE; sys.exit(bool({'mpi4py', 'numpy', 'minirank.parallel.mpi'} & set(sys.modules)))"
    )
    assert python("-c", code).returncode == 0


def test_others_than_rank_0_are_silent(capsys):
    with Launch(1, 2).speaking():
        print("nobody hears this")
    with Launch(0, 2).speaking():
        print("but this")
    assert capsys.readouterr().out == "but this\n"


@pytest.mark.parametrize("command", ["tune", "ab", "rank"])
def test_commands_of_one_process(command):
    with pytest.raises(ConfigError, match=f"minirank {command} runs as one process, 2 were launched; start it without mpirun"):
        Launch(0, 2).join(command, may_run=False)


def test_without_mpi4py(monkeypatch, capsys, tmp_path):
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    for name, value in (("PMI_RANK", "0"), ("PMI_SIZE", "2")):
        monkeypatch.setenv(name, value)
    line = refused(capsys, "train", tmp_path / "ranker.yaml")
    assert line.startswith("2 processes were launched, but MPI is missing (") and 'pip install "minirank[mpi]"' in line
    assert "runs as one process" in refused(capsys, "tune", tmp_path / "ranker.yaml", "--seeds", "2")


def test_one_process_does_nothing_together():
    assert ALONE.all_of(3) == ALONE.to_first(3) == [3] and ALONE.of_first(3) == 3 and ALONE.most(1) == 1 and ALONE.most(0) == 0
    assert ALONE.share(10) == [0, 10] and ALONE.threads(8) == 8 and ALONE.is_first
