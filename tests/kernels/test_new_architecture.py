"""A new architecture is one function: it trains by the command on every executor, and nothing else knows its name."""

import numpy as np
from checkout import python
from command_line import refused
from training_world import write_table

TOY = '''"""One layer to which the role adds, then a network for each task."""

import sys

from minirank.cli import main
from minirank.model.architectures import BY_ID, architecture


@architecture(*BY_ID)
def toy(net):
    shared = net.by_role("shared", net.inputs(), 6)
    return [net.mlp(f"own.{task.name}", shared, net.config.expert_hidden) for task in net.tasks]


table, *words = sys.argv[1:]
for backend in ("reference", "cpu", "cuda"):
    assert main(["train", table, "--run", backend, "--backend", backend, *words]) == 0
'''


def test_a_new_architecture_trains_on_every_executor(tmp_path):
    sets = ("model.architecture=toy", "model.gate.role=full", "model.expert_hidden=[5]", "training.epochs=1", "training.batch_rows=16")
    words = [word for setting in sets for word in ("--set", setting)]
    (tmp_path / "toy.py").write_text(TOY, encoding="utf-8")
    done = python(tmp_path / "toy.py", write_table(tmp_path, rows=20), *words, cwd=tmp_path, NUMBA_ENABLE_CUDASIM="1")
    assert done.returncode == 0, done.stderr
    found = {}
    for backend in ("reference", "cpu", "cuda"):
        with np.load(tmp_path / backend / "model.npz") as model:
            found[backend] = {name: model[name] for name in model.files if model[name].dtype.kind == "f"}
    assert len(found["reference"]) > 1
    for backend in ("cpu", "cuda"):
        for name, values in found["reference"].items():
            np.testing.assert_allclose(found[backend][name], values, atol=1e-4, err_msg=f"{backend}: {name}")


def test_a_name_that_nobody_entered_is_refused(capsys, tmp_path):
    said = refused(capsys, "train", write_table(tmp_path, rows=40), "--run", tmp_path / "run", "--set", "model.architecture=mmoee")
    assert "model.architecture: expected one of single_task, esmm" in said and "did you mean mmoe?" in said
