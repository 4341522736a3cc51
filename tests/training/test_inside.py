"""The look inside: figures by hand, warnings, the same rows and bytes again, and remedies that mend a planted collapse."""

import json

import numpy as np
import pytest
from training_world import small_config

from bench.ranking.collapse import collapse
from minirank.progress import Progress
from minirank.run.gates import COLLAPSED, DEAD, Gate, entropies, most_asked, troubles, uses
from minirank.run.load_data import load_dataset
from minirank.run.load_run import load_run
from minirank.training import train
from minirank.training.inside import Inside

REFERENCE = ("training.backend=reference", "training.precision=float64", "training.epochs=2")
WEIGHTS = np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1], [0.2, 0.8]])


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def test_what_gates_do_by_hand():
    """Entropy 1 of even weights, 0 of a hard choice; means, first choices and roles of four rows."""
    np.testing.assert_allclose(entropies(np.array([[0.5, 0.5], [1.0, 0.0], [0.25, 0.75]])), [1, 0, 0.811278], atol=1e-6)
    np.testing.assert_array_equal(entropies(np.ones((2, 1))), 0)
    found = uses({"ctr": Gate("gates", 0, {"a": "x", "b": "y"})}, {"gates": WEIGHTS}, np.array([0, 0, 1, 1]), ("u", "v"))["ctr"]
    assert found["overall"] == pytest.approx([0.65, 0.35]) and found["first"] == [0.75, 0.25] and found["top"] == pytest.approx(0.8)
    assert found["entropy"] == pytest.approx((0 + 1 + 0.468996 + 0.721928) / 4, abs=1e-6)
    assert found["roles"]["v"] == {
        "rows": 2,
        "weights": pytest.approx([0.55, 0.45]),
        "first": [0.5, 0.5],
        "entropy": pytest.approx(0.595462),
    }
    assert most_asked(2, found["roles"], found["overall"]) == pytest.approx([1.5, 0.9])


def test_troubles_name_the_remedy():
    def told(weights, dead=0):
        found = uses({"ctr": Gate("gates", 0, {"a": "x", "b": "y"})}, {"gates": np.array(weights)}, None, ())
        return list(troubles(found, {"a": {"units": 4, "dead": 0}, "b": {"units": 4, "dead": dead}}))

    assert told(WEIGHTS) == [] == told(WEIGHTS, dead=3)
    (silent,) = told(WEIGHTS, dead=4)
    assert silent.startswith("b is dead: all of its units are 0 in every row; lower training.optimiser.learning_rate")
    collapsed, unasked = told([[0.99, 0.01]] * 5)
    assert collapsed.startswith("the gate of ctr has collapsed: a gets nearly all") and "model.gate.balance: 0.1" in collapsed
    assert unasked.startswith("b is dead: no task and no role asks it for more than 5 % of an even share; take fewer experts")


@pytest.mark.parametrize("settings, gates", [
    ((), {"ctr": 2, "cvr": 2}),
    (("model.architecture=omoe", "model.gate.top_k=1"), {"ctr": 2, "cvr": 2}),
    (("model.architecture=cgc", "model.task_experts=1", "training.backend=cpu", "training.precision=float32"), {"ctr": 3, "cvr": 3}),
    (
        ("model.architecture=ple", "model.gate.expert_dropout=0.2", "model.gate.balance=0.1"),
        {"ctr": 4, "cvr": 4, "ctr of level 0": 4, "cvr of level 0": 4, "shared of level 0": 6},
    ),
])  # fmt: skip
def test_every_gated_plan_is_looked_into(settings, gates, tmp_path):
    config = small_config(tmp_path, *REFERENCE, *settings, rows=200)
    train(config, tmp_path / "run")
    for line in lines(tmp_path / "run"):
        assert line["gates"]["part"] == "valid" and line["gates"]["rows"] == 40
        assert {name: len(gate["load"]) for name, gate in line["gates"]["of"].items()} == gates
        for gate in line["gates"]["of"].values():
            assert sum(role["rows"] for role in gate["roles"].values()) == 40 and 0 <= gate["entropy"] <= 1
            for part in (gate, *gate["roles"].values()):
                assert sum(part["load"].values()) == pytest.approx(1, abs=1e-3) and sum(part["first"].values()) == pytest.approx(
                    1, abs=1e-3
                )
        seen = {name for gate in line["gates"]["of"].values() for name in gate["load"]}
        assert line["gates"]["experts"].keys() == seen and all(0 <= e["dead"] <= e["units"] for e in line["gates"]["experts"].values())
    run = load_run(tmp_path / "run")
    made = Inside(load_dataset(config), run.executor, config.model)
    best = max(line["epoch"] for line in lines(tmp_path / "run") if line["best"])
    assert made.look(run.values)["gates"] == lines(tmp_path / "run")[best - 1]["gates"]
    assert ("gates.balance" in lines(tmp_path / "run")[0]["losses"]) == ("model.gate.balance=0.1" in settings)


@pytest.mark.parametrize("settings", [("model.architecture=shared_bottom", "model.gate.role=none"), ("model.members=2",)])
def test_nothing_is_said_where_no_gate_is_seen(settings, tmp_path):
    train(small_config(tmp_path, *REFERENCE, *settings, rows=120), tmp_path / "run")
    assert not any("gates" in line for line in lines(tmp_path / "run"))


def test_a_warning_is_said_once(tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(Progress, "say", lambda self, text: said.append(text))
    train(small_config(tmp_path, *REFERENCE, "model.gate.temperature=0.00001", "model.gate.role=none", rows=200), tmp_path / "run")
    warnings = [text for line in lines(tmp_path / "run") for text in line["gates"]["warnings"]]
    shown = [text for text in said if "collapsed" in text or "dead" in text]
    assert len(shown) == len(set(warnings)) and all(text.startswith("epoch ") for text in shown)


@pytest.mark.parametrize("plant, remedies", [
    ("one gets all", ("temperature 10", "balance .1")),
    ("two are never asked", ("expert dropout .1", "expert dropout and balance .1")),
])  # fmt: skip
def test_a_planted_collapse_is_mended(plant, remedies):
    """It stays as it is by itself; these remedies open the gate to all experts."""
    bad = collapse(plant, "none", seed=5)
    assert bad.busiest > COLLAPSED if plant == "one gets all" else bad.idlest < DEAD / 4
    for remedy in remedies:
        found = collapse(plant, remedy, seed=5)
        assert found.busiest < 0.8 and found.idlest > DEAD / 4, found
        assert found.loss < bad.loss + 0.01
