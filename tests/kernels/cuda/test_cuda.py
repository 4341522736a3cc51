"""The cuda backend where there is no GPU: what it says, how many launches a step takes, and its kernels in numba's simulator."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from case_table import cases
from checkout import python
from command_line import refused, run
from training_world import write_table

from minirank.config.configuration import Config, CudaConfig, FolderConfig, TrainingConfig
from minirank.config.model import GateConfig, ModelConfig, TaskConfig
from minirank.kernels.batch import InputSpec
from minirank.kernels.cuda.probe import why_not
from minirank.kernels.cuda.schedule import schedule
from minirank.kernels.executor import Unavailable, make_executor
from minirank.model.architectures import compile_plan
from minirank.model.label_rates import LabelRates
from minirank.run import backend
from minirank.run.load_run import load_run

NO_GPU = why_not()
SIMULATOR = {"NUMBA_ENABLE_CUDASIM": "1"}
without_gpu = pytest.mark.skipif(NO_GPU is None, reason="there is a GPU; this is about machines without")


def base_plan():
    """The workload base: 24 fields of width 16, 8 experts of 256 and 128, three gates that a role steers, three towers."""
    fields, dense = tuple((f"field{i}", 100_000) for i in range(24)), tuple(f"dense{i}" for i in range(192))
    spec = InputSpec((*fields, ("role", 5)), (), dense, ("ctr", "cvr", "relevance"))
    config = ModelConfig(embedding=16, experts=8, expert_hidden=(256, 128), tower_hidden=(64,), gate=GateConfig("full"), role_in_x=False)
    tasks = (TaskConfig("ctr"), TaskConfig("cvr", given="ctr"), TaskConfig("relevance"))
    return compile_plan(config, tasks, spec, LabelRates(1000, {"ctr.bce": 1.0, "cvr.bce": 0.2, "relevance.bce": 0.5}))


def test_nothing_of_cuda_is_imported_unasked():
    modules = "minirank.kernels.cpu.executor, minirank.training, minirank.kernels.cuda.probe"
    code = f"import sys, {modules}; sys.exit(any(name.startswith('numba.cuda.') for name in sys.modules))"
    assert python("-c", code, NUMBA_ENABLE_CUDASIM="0").returncode == 0


@without_gpu
def test_the_reason_and_the_remedy_take_one_line(capsys, tmp_path):
    with pytest.raises(Unavailable, match=r"^[^\n]+; [^\n]+ cpu backend$"):
        make_executor("cuda", base_plan())
    said = refused(capsys, "train", write_table(tmp_path), "--run", tmp_path / "run", "--backend", "cuda")
    assert said == f"training.backend cuda: {NO_GPU}"
    assert not (tmp_path / "run").exists()


@without_gpu
@pytest.mark.parametrize("command", (("evaluate", "run", "--split", "valid"), ("score", "run", "rows.csv", "--out", "out.csv")))
def test_a_run_predicts_with_another_backend(command, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert run(capsys, "train", write_table(tmp_path), "--run", "run", "--set", "training.epochs=1")[0] == 0
    assert run(capsys, *command, "--backend", "reference")[0] == 0
    assert refused(capsys, *command, "--backend", "cuda") == f"training.backend cuda: {NO_GPU}"


@pytest.mark.parametrize("precision", ("float64", "bfloat16"))
def test_another_precision_is_refused(precision, capsys, tmp_path):
    options = ("--backend", "cuda", "--set", f"training.precision={precision}")
    said = refused(capsys, "train", write_table(tmp_path), "--run", tmp_path / "run", *options)
    assert f"precision must be float32 on the cuda backend, got {precision}" in said


@cases("""
    settings | words
    training.cuda.tf32=true | training: cuda.tf32 true is for the cuda backend, backend is cpu; leave it out, or use backend: cuda
    training.backend=reference training.cuda.graph=false | cuda.graph false is for the cuda backend, backend is reference
    training.backend=cuda training.cuda.tf23=true | training.cuda.tf23: unknown key; did you mean tf32?
    training.backend=cuda training.cuda.tf32=1 | training.cuda.tf32: expected true or false, got 1
""")
def test_settings_of_the_backend_are_for_it_alone(settings, words, capsys, tmp_path):
    sets = [word for setting in settings.split() for word in ("--set", setting)]
    assert words in refused(capsys, "train", write_table(tmp_path), "--run", tmp_path / "run", *sets)
    assert not (tmp_path / "run").exists()


def test_the_configuration_says_how_the_backend_computes(monkeypatch):
    """Each setting reaches the executor, by the name that it has there."""
    made = []
    monkeypatch.setattr(backend, "make_executor", lambda *arguments, **settings: made.append((arguments[0], settings)))
    training = TrainingConfig(backend="cuda", cuda=CudaConfig(False, True, False))
    backend.executor_of(Config(FolderConfig(Path("data")), training=training), base_plan())
    assert made == [("cuda", {"deterministic": False, "tf32": True, "graph": False})]


def test_a_step_of_base_takes_eleven_launches():
    """Six for the rows, as here; then weight gradients, sums, Adam, and three for the tables, two of them atomic."""
    launches = schedule(base_plan(), training=True)
    products = ["product_forward", "product_forward", "walk", "product_backward", "product_backward"]
    assert [launch.stage for launch in launches] == ["walk", *products]
    assert [len(launch.problems) for launch in launches] == [0, 8, 8, 0, 9, 1]
    nodes = schedule(base_plan(), training=True, fuse=False)
    assert len(nodes) > 100
    assert [launch.stage for launch in schedule(base_plan(), training=False)] == ["walk", "product_forward", "product_forward", "walk"]


def test_kernels_in_the_simulator():
    """Two processes at a time: the simulator takes one core and minutes."""

    def simulate(words):
        return python("-m", "pytest", "-q", "-p", "no:cacheprovider", *words, **SIMULATOR)

    suite, *others = (f"tests/kernels/cuda/cuda_{name}.py" for name in ("suite", "executor_suite", "bench_suite"))
    with ThreadPoolExecutor(2) as pool:
        for done in pool.map(simulate, ((suite, "-k", "not planted"), (suite, "-k", "planted"), *((other,) for other in others))):
            assert done.returncode == 0, done.stdout[-6000:] + done.stderr


def test_products_with_the_tiles_of_a_gpu():
    """The sizes that a GPU runs, float32 and TF32; everything else is simulated with smaller ones."""
    suite = ("tests/kernels/cuda/cuda_suite.py", "-k", "with_the_tiles")
    done = python("-m", "pytest", "-o", "addopts=", "-p", "no:cacheprovider", *suite, **SIMULATOR, MINIRANK_CUDA_TILES="full")
    assert done.returncode == 0 and "5 passed" in done.stdout, done.stdout[-6000:] + done.stderr


def test_a_model_trains_in_the_simulator(capsys, tmp_path):
    """The command, in numba's own simulator; its settings are in the run, which the cpu backend scores without them."""
    path = write_table(tmp_path, rows=40)
    quick = ("training.epochs=1", "training.batch_rows=32", "model.gate.role=bias", "training.cuda.deterministic=false")
    sets = [word for setting in quick for word in ("--set", setting)]
    done = python("-m", "minirank", "train", str(path), "--run", str(tmp_path / "run"), "--backend", "cuda", *sets, **SIMULATOR)
    assert done.returncode == 0, done.stderr
    assert load_run(tmp_path / "run").config.training.cuda == CudaConfig(deterministic=False)
    assert load_run(tmp_path / "run", "cpu").config.training.cuda == CudaConfig()
    words = ("score", tmp_path / "run", tmp_path / "rows.csv", "--out", tmp_path / "out.csv", "--backend", "cpu")
    assert run(capsys, *words)[0] == 0
