"""`minirank ab` on runs of a small market: with and without a known truth, from its own log and from another one."""

import json
import shutil

import pytest
from command_line import refused, run

from minirank.ab import compare_runs, format_ab
from minirank.cli import main
from minirank.data import read_folder
from minirank.simulate import World


@pytest.fixture(scope="module")
def rivals(market, tmp_path_factory):
    """(data, run A, run B): B is A with a score of its own."""
    data, folder = market
    other = tmp_path_factory.mktemp("rivals") / "b"
    shutil.copytree(folder, other)
    config = (other / "config.yaml").read_text()
    (other / "config.yaml").write_text(config.replace("score:\n  ctr: 1.0\n  cvr: 1.0", "score:\n  ctr: 0.0\n  cvr: 1.0"))
    return data, folder, other


def found(capsys, *words):
    status, said, _ = run(capsys, "ab", *words, "--json")
    assert status == 0
    return json.loads(said)


def test_a_run_against_itself_has_no_lift(capsys, rivals):
    _, a, _ = rivals
    results = found(capsys, a, a)
    assert results["part"] == "test" and 0 < results["searches"] * 20 == results["impressions"] < 500
    for each in results["simulated"].values():
        assert each["lift"] == each["low"] == each["high"] == each["expected"] == 0 and each["needed"] is None
    assert all(lift["lift"] in (0, None) for estimator in results["off_policy"]["lift"].values() for lift in estimator.values())


def test_what_is_kept_gives_the_same_and_is_used(capsys, rivals, monkeypatch):
    _, a, b = rivals
    wanted = found(capsys, a, b, "--no-cache")
    assert found(capsys, a, b) == wanted
    monkeypatch.setitem(compare_runs.__globals__, "read_features", str.split)  # whoever asks for features fails
    assert found(capsys, a, b) == wanted


def test_the_other_way_round(capsys, rivals):
    data, a, b = rivals
    one, other = found(capsys, a, b), found(capsys, b, a, "--clip", "10")
    for metric, each in one["simulated"].items():
        back = other["simulated"][metric]
        assert (each["a"], each["b"]) == (back["b"], back["a"])
        assert (1 + each["expected"]) * (1 + back["expected"]) == pytest.approx(1) and each["needed_paired"] < each["needed"]
    assert one["simulated"]["CTCVR"]["expected"] != 0
    before, cut = one["off_policy"]["weights"]["a"], other["off_policy"]["weights"]["b"]
    assert before["matched"] == cut["matched"] and before["clipped"] == 0 < cut["clipped"] and cut["largest"] == 10 < before["largest"]
    said = format_ab(other)
    assert f"candidates of {data}, the test part of its log" in said and max(map(len, said.splitlines())) < 250
    for words in ("simulated A/B", "SNIPS", "weights above 10 are clipped", "largest weight 10", "paired", "too few", "It is assumed"):
        assert words in said


def test_a_log_without_a_truth(capsys, rivals, tmp_path):
    """A real log with propensities gives the estimates alone, the same as with the truth beside it; one without them nothing."""
    data, a, b = rivals
    real = tmp_path / "real"
    shutil.copytree(data, real)
    for name in ("world.json", "truth.npz"):
        (real / name).unlink()
    assert "neither a known truth (world.json) nor a propensity" in refused(capsys, "ab", a, b, "--data", real)
    lines = (data / "impressions.csv").read_text().splitlines()
    chances = ["propensity", "", *map(repr, World.read(data).propensities[1:].tolist())]
    (real / "impressions.csv").write_text("".join(f"{line},{chance}\n" for line, chance in zip(lines, chances)))
    shutil.copytree(real, tmp_path / "truth")
    for name in ("world.json", "truth.npz"):
        shutil.copy(data / name, tmp_path / "truth")
    alone, both = found(capsys, a, b, "--data", real), found(capsys, a, b, "--data", tmp_path / "truth")
    assert alone["simulated"] is None and both["simulated"] is not None and alone["part"] == "all" and alone["searches"] == 100
    assert alone["off_policy"] == both["off_policy"] and alone["off_policy"]["left_out"] == 1
    said = format_ab(alone)
    assert "has no known truth: nothing is simulated" in said and "without chance" not in said
    assert main(["validate", str(real)]) == 0 and "propensity " in capsys.readouterr().out


def test_what_cannot_be_compared(capsys, rivals, tmp_path):
    data, a, _ = rivals
    assert "no run" in refused(capsys, "ab", a, tmp_path)
    shutil.copytree(data, tmp_path / "log")
    path = tmp_path / "log" / "impressions.csv"
    good = path.read_text()
    path.write_text(good.replace(",1,", ",2,", 1))
    assert "was changed since it was simulated" in refused(capsys, "ab", a, a, "--data", tmp_path / "log")
    path.write_text("".join(f"{line},{'0' if row else 'propensity'}\n" for row, line in enumerate(good.splitlines())))
    assert "column propensity: expected a chance above 0" in refused(capsys, "ab", a, a, "--data", tmp_path / "log")
    assert read_folder(data).impressions.propensity.dtype == "float32"
