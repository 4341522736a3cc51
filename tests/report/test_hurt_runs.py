"""Reports of runs that are not whole, or of another kind: what can be shown is shown, the rest is named, and nothing breaks."""

import json
import shutil

import numpy as np
import pytest
from ranking_world import train_run
from training_world import small_config

from minirank.config.model import ModelConfig
from minirank.errors import RunError
from minirank.locking import working_in
from minirank.report.collect import collect
from minirank.report.contents import Missing
from minirank.report.found import find
from minirank.run.folder import OURS, read_config
from minirank.training import train

QUICK = ("training.backend=reference", "training.precision=float64", "training.epochs=3")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    """A run on a table that has roles and no searches."""
    base = tmp_path_factory.mktemp("table")
    train(small_config(base, *QUICK), base / "run")
    return base / "run"


@pytest.fixture
def copy(market, tmp_path):
    """A copy of the small market's run."""
    shutil.copytree(market[1], tmp_path / "run")
    return tmp_path / "run"


def missing(contents):
    return {
        name
        for name in ("curves", "quality", "calibration", "gates", "ranking", "extraction")
        if isinstance(getattr(contents, name), Missing)
    }


def rewritten(path, change):
    value = json.loads(path.read_text())
    change(value)
    path.write_text(json.dumps(value))


def test_a_table_has_neither_jobs_nor_texts(table):
    contents = collect(table)
    assert missing(contents) == {"ranking"} and "trained on a table" in contents.ranking.why and contents.unreadable == ()
    assert contents.overview.kind == "table" and contents.quality.part == "valid" and contents.extraction.texts == ()
    assert contents.gates.matrices[0].roles == ("r0", "r1", "r2") or set(contents.gates.matrices[0].roles) == {"r0", "r1", "r2"}
    assert contents.overview.parts[0].jobs is None and contents.overview.parts[0].first is None


def test_a_table_is_not_read_again(table, tmp_path):
    """What was kept when it was trained does, also where the table has gone."""
    shutil.copytree(table, tmp_path / "run")
    rows = table.parent / "rows.csv"
    shutil.move(rows, tmp_path / "elsewhere.csv")
    try:
        assert missing(collect(tmp_path / "run")) == {"ranking"}
        (tmp_path / "run" / "evaluation.json").unlink()
        contents = collect(tmp_path / "run")
    finally:
        shutil.move(tmp_path / "elsewhere.csv", rows)
    assert missing(contents) == {"quality", "calibration", "gates", "ranking"}
    assert len(contents.unreadable) == 1 and "are not there; if they moved, set data.table.train in " in contents.unreadable[0]
    assert collect(tmp_path / "run").quality == collect(table).quality.__class__(**{**vars(collect(table).quality), "stored": ""})


def test_without_roles_there_is_one_row_of_gates(tmp_path):
    text = small_config(tmp_path, *QUICK, "model.gate.role=none", "data.columns.role=null", "training.epochs=1")
    train(text, tmp_path / "run")
    contents = collect(tmp_path / "run")
    assert contents.gates.matrices[0].roles == ("all rows",) and contents.gates.role_matters == {}
    assert contents.quality.worst_role is None and contents.quality.roles == ()


@pytest.mark.parametrize("architecture", ["shared_bottom", "single_task", "ple", "omoe"])
def test_every_architecture(market, tmp_path, architecture):
    model = ModelConfig(architecture=architecture, embedding=4, experts=3, expert_hidden=(8,), tower_hidden=(4,))
    contents = collect(train_run(market[0], tmp_path / "run", model, epochs=1))
    if architecture in ("shared_bottom", "single_task"):
        assert missing(contents) == {"gates"} and f"The architecture {architecture} has no gates" in contents.gates.why
        assert contents.ranking.rankings[0].places[0].gates == {}
    else:
        assert missing(contents) == set() and all(sum(row) == pytest.approx(1) for m in contents.gates.matrices for row in m.weights)
    if architecture == "ple":
        uses = {use.expert: use.tasks for use in contents.gates.experts}
        assert uses["ctr 0"] == ("ctr",) and uses["shared 1"] == ("ctr", "cvr", "relevance")


def test_an_ensemble_says_what_it_is(tmp_path):
    train(small_config(tmp_path, *QUICK, "model.members=3", "training.schedule=cosine", "training.average=0.5"), tmp_path / "run")
    contents = collect(tmp_path / "run")
    assert contents.gates.why.startswith("Each of the 3 networks of the ensemble has gates of its own")
    facts = {fact.name: fact.note for fact in contents.overview.facts}
    assert facts["architecture"] == "an ensemble of 3 networks, each of 2 experts of 8 units"
    assert facts["training"] == "learning rate 0.01, cosine, moving average 0.5, seed 0"


def test_a_task_with_a_dot_in_its_name_has_its_curves(tmp_path):
    names = ["data.columns.tasks=[{name: was.seen, column: y}]", "tasks=[]"]
    train(small_config(tmp_path, *QUICK, *names), tmp_path / "run")
    curves = {task.task: task for task in collect(tmp_path / "run").curves.tasks}
    assert set(curves) == {"was.seen", "mean"} and [curve.name for curve in curves["was.seen"].metrics] == ["was.seen.auc"]
    assert [curve.name for curve in curves["was.seen"].losses] == ["was.seen.bce", "was.seen.log_loss"]


def test_without_rows_that_training_did_not_see_nothing_is_measured(tmp_path):
    train(small_config(tmp_path, *QUICK, "data.table.valid_share=0"), tmp_path / "run")
    contents = collect(tmp_path / "run")
    assert contents.quality.why == "It could not be measured: training saw all rows, for the data have no validation and no test part."
    (tmp_path / "run" / "model.npz").unlink()
    assert "model.npz: missing; restore it, or train again" in collect(tmp_path / "run").quality.why


def test_data_that_have_gone(market, copy):
    """Curves and what was measured are shown; the one line that tells names the key to set."""
    shutil.move(market[0], market[0].parent / "moved")
    try:
        contents = collect(copy)
    finally:
        shutil.move(market[0].parent / "moved", market[0])
    assert missing(contents) == {"ranking"} and contents.extraction.texts == () and contents.extraction.columns
    assert len(contents.unreadable) == 1 and "are not there; if they moved, set data.folder in " in contents.unreadable[0]
    assert contents.overview.parts[0].searches > 0 and contents.overview.parts[0].first is None


def test_data_that_changed(market, copy):
    hires = market[0] / "hires.csv"
    before = hires.read_bytes()
    hires.write_bytes(before.rsplit(b"\n", 2)[0] + b"\n")
    try:
        contents = collect(copy)
        (copy / "evaluation.json").unlink()
        again = collect(copy)
    finally:
        hires.write_bytes(before)
    assert missing(contents) == {"ranking"} and missing(again) == {"quality", "calibration", "gates", "ranking"}
    assert contents.unreadable == again.unreadable and "the data are not those that the run was trained on" in contents.unreadable[0]


@pytest.mark.parametrize("steps, epochs", [(2, 0), (15, 1)])
def test_a_training_that_was_stopped(market, tmp_path, steps, epochs):
    """A checkpoint alone, and a checkpoint with the model of an epoch."""
    done = iter(range(steps))
    assert not train(read_config(market[1]), tmp_path / "run", stop=lambda: next(done, None) is None).finished
    contents = collect(tmp_path / "run")
    assert contents.overview.state.startswith("Stopped before training was finished: ") and "--resume` goes on" in contents.overview.state
    assert [caution.rule for caution in contents.cautions if caution.section == "overview"] == ["not finished"]
    if epochs:
        assert missing(contents) == set() and len(contents.curves.epochs) == epochs and contents.quality.stored == ""
    else:
        assert missing(contents) == {"curves", "quality", "calibration", "gates", "ranking"}
        assert contents.ranking.why == "There is no model that could rank." and contents.unreadable == ()


@pytest.mark.parametrize(
    "name", sorted(OURS - {"config.yaml", "versions.json", "checkpoint.npz", "curves.svg", "table_encoder.json", "embeddings.npz"})
)
@pytest.mark.parametrize("how", ["gone", "empty", "cut", "noise"])
def test_a_file_that_is_damaged_takes_nothing_else_with_it(copy, name, how):
    path = copy / name
    content = path.read_bytes()
    if how == "gone":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[: len(content) // 2], "noise": bytes(range(256)) * 4}[how])
    contents = collect(copy)
    assert contents.overview.config and contents.card and contents.summary
    told = "\n".join(contents.unreadable)
    if name in ("model.npz", "data.json", "encoder.json", "encoder.npz"):
        assert "ranking" in missing(contents) and name in told and "curves" not in missing(contents)
    if name == "metrics.jsonl" and how in ("gone", "empty", "noise"):
        assert "curves" in missing(contents) and "quality" not in missing(contents)
    if name == "evaluation.json":
        assert missing(contents) == set()  # it is measured again
    assert "Traceback" not in told and all("\n" not in line for line in contents.unreadable)


@pytest.mark.parametrize("key", ["results", "gates", "parts"])
def test_an_evaluation_of_another_form_is_measured_again(copy, key):
    """JSON that is whole and says something else, such as that of a later version."""
    rewritten(copy / "evaluation.json", lambda value: value.__setitem__(key, {"unheard": 1}))
    assert missing(collect(copy)) == set()


def test_a_run_of_another_version(copy):
    rewritten(copy / "versions.json", lambda value: value.__setitem__("format", 2))
    contents = collect(copy)
    assert "run of format 2, this minirank reads 1; train again" in contents.unreadable[0]
    assert missing(contents) == {"quality", "calibration", "gates", "ranking"} and contents.curves.best_epoch == 2
    config = copy / "config.yaml"
    rewritten(copy / "versions.json", lambda value: value.__setitem__("format", 1))
    config.write_text(config.read_text() + "tomorrow: 1\n")
    contents = collect(copy)
    assert "tomorrow" in contents.unreadable[0] and "tomorrow: 1" in contents.overview.config and contents.curves.best_epoch == 2


def test_the_last_line_of_the_metrics_was_cut_off(copy):
    path = copy / "metrics.jsonl"
    path.write_text(path.read_text()[:-20])
    contents = collect(copy)
    assert contents.curves.epochs == (1,) and contents.unreadable == (f"{path}: line 2 is damaged; it and what follows are left out",)


@pytest.mark.parametrize("number", ["1" + "0" * 400, "1e308", "-1e308"])
def test_numbers_that_nobody_measured(table, tmp_path, number):
    shutil.copytree(table, tmp_path / "run")
    for name, key in (("metrics.jsonl", "loss"), ("timing.jsonl", "seconds")):
        path = tmp_path / "run" / name
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        for line in lines:
            line[key] = "HERE"
            for metric in line.get("valid", {}):
                line["valid"][metric] = "HERE"
        path.write_text("".join(json.dumps(line).replace('"HERE"', number) + "\n" for line in lines))
    found = collect(tmp_path / "run")
    assert {curve.title for task in found.curves.tasks for curve in task.losses} == {"training, cross-entropy"}
    assert "time taken" not in {fact.name for fact in found.overview.facts if fact.value != "0 s"}


def test_what_is_no_run(tmp_path, market):
    for path, message in (
        (tmp_path / "none", "there is no such folder; give the folder of a run"),
        (tmp_path, "no run (config.yaml is missing); give the folder of a run"),
        (market[0], "no run (config.yaml is missing)"),
    ):
        with pytest.raises(RunError) as caught:
            collect(path)
        assert message in str(caught.value) and "\n" not in str(caught.value)
    (tmp_path / "config.yaml").write_text("data: {}\n")
    with pytest.raises(RunError, match="no run .versions.json is missing."):
        find(tmp_path)


def test_a_folder_that_cannot_be_written_is_only_read(copy, monkeypatch):
    def refuse(folder, measured):
        raise RunError("no permission")

    (copy / "evaluation.json").unlink()
    monkeypatch.setattr("minirank.report.collect.keep", refuse)
    contents = collect(copy)
    assert missing(contents) == set() and contents.quality.stored == "" and not (copy / "evaluation.json").exists()


def test_a_prediction_that_is_not_finite_is_said(copy, monkeypatch):
    (copy / "evaluation.json").unlink()
    monkeypatch.setattr("minirank.run.scoring.predict", lambda *_, **more: (_ for _ in ()).throw(RunError("ctr is NaN")))
    contents = collect(copy)
    assert contents.unreadable == ("ctr is NaN",) and np.isfinite(contents.ranking.scored)


def test_a_run_of_a_gpu_is_shown_where_there_is_none(copy):
    """The probabilities are those of the processor."""
    config = copy / "config.yaml"
    assert "backend: cpu" in config.read_text()
    config.write_text(config.read_text().replace("backend: cpu", "backend: cuda"))
    contents = collect(copy)
    assert missing(contents) == set() and contents.unreadable == ()
    assert {fact.name: fact.value for fact in contents.overview.facts}["computed by"] == "cuda, float32"


def test_data_json_of_another_form(copy):
    """A pair that is none, and a part of the rows that nobody knows."""
    rewritten(copy / "data.json", lambda value: value["columns"]["years"]["unknown"].__setitem__("holdout", 0.5))
    years = next(column for column in collect(copy).extraction.columns if column.name == "years")
    assert set(years.unknown) <= {"train", "valid", "test"}
    rewritten(copy / "data.json", lambda value: value["inputs"]["categorical"].__setitem__(0, ["role"]))
    contents = collect(copy)
    assert contents.unreadable == (f"{copy / 'data.json'}: damaged; train again, or restore the file",) and "quality" in missing(contents)


def test_a_run_that_is_being_trained(copy):
    """It is shown as it is now, and nothing is written beside whoever trains."""
    (copy / "evaluation.json").unlink()
    with working_in(copy, "minirank train"):
        contents = collect(copy)
    assert contents.overview.state.startswith("In training now by process ") and missing(contents) == set()
    assert not (copy / "evaluation.json").exists() and "not finished" in {caution.rule for caution in contents.cautions}
