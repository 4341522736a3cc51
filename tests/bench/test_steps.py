"""What the comparison with the peers rests on: the workloads, their operation counts, the protocol, and the ratios."""

import json
from argparse import Namespace
from dataclasses import replace

import numpy as np
import pytest

from bench.speed import workloads
from bench.speed.competitors import MINIRANK, OURS, TRAINING, Competitor, PeerError, Process
from bench.speed.steps import chosen, far, summary
from bench.speed.steps_tables import ratio, tables
from minirank.kernels.executor import make_executor


@pytest.fixture
def tiny(monkeypatch):
    workload = workloads.Workload("tiny", 4, 8, 50, 6, 2, 16, 8, 4, 64, 2, 3, 100)
    monkeypatch.setitem(workloads.WORKLOADS, "tiny", workload)
    return workload


@pytest.mark.parametrize("gate", ("bias", "full"))
def test_peers_get_our_parameters_and_our_loss(tiny, gate, tmp_path):
    """The network written out in NumPy, on the very files that a peer loads."""
    workloads.write(tmp_path, tiny, gate, [("train", 3)])
    p = dict(np.load(tmp_path / "network.npz"))
    b, tables = dict(np.load(tmp_path / "batch0.npz")), np.load(tmp_path / "tables.npy")
    x = np.concatenate((tables[b["ids"] + 50 * np.arange(4)].reshape(64, 32), b["dense"]), 1)
    h = [np.maximum(np.maximum(x @ p["w1"][e] + p["b1"][e], 0) @ p["w2"][e] + p["b2"][e], 0) for e in range(2)]
    logits = np.empty((64, 3))
    for row, role in enumerate(b["role"]):
        z = x[row] @ p["gate_w"] + p["gate_b"]
        if role > 0:
            z += p["role_b"][role - 1] + (x[row] @ p["role_w"][role - 1] if gate == "full" else 0)
        g = np.exp(z.reshape(3, 2))
        g /= g.sum(1, keepdims=True)
        for t in range(3):
            mixed = g[t, 0] * h[0][row] + g[t, 1] * h[1][row]
            hidden = np.maximum(mixed @ p["tower_w1"][t] + p["tower_b1"][t], 0)
            logits[row, t] = (hidden @ p["tower_w2"][t] + p["tower_b2"][t])[0]
    plan, batch = workloads.plan_of(tiny, gate), workloads.batch_of(tiny, "train", 3)
    executor, values = make_executor("reference", plan, np.float64), workloads.parameters(plan).copy(np.float64)
    np.testing.assert_allclose(executor.logits(values, batch), logits, rtol=1e-5, atol=1e-5)
    loss = (b["scale"] * (np.log1p(np.exp(logits)) - b["labels"] * logits)).sum()
    assert workloads.loss(batch, logits) == pytest.approx(loss, rel=1e-6)
    assert executor.gradients(values, batch).total == pytest.approx(loss, rel=1e-5)


def test_rows_are_as_described():
    batch = workloads.random_batch(workloads.WORKLOADS["base"], 20_000, 1)
    clicked, converted, relevance = batch.labels.T
    assert clicked.mean() == pytest.approx(0.2, abs=0.01)
    assert np.isnan(converted[clicked == 0]).all() and converted[clicked == 1].mean() == pytest.approx(0.1, abs=0.02)
    assert np.isnan(relevance).mean() == pytest.approx(0.3, abs=0.02)
    ids, counts = np.unique(batch.ids[:, 0], return_counts=True)
    assert ids.min() >= 1 and ids.max() <= 99_999 and 0.03 < counts.max() / 20_000 < 0.09  # log 2 / log 99,999 = 0.060


def test_candidates_of_a_request_share_the_job_and_the_role(tiny):
    rows = workloads.request(tiny, 2)
    assert (rows.ids[:, :2] == rows.ids[0, :2]).all() and (rows.ids[:, -1] == 3).all() and (rows.dense[:, :3] == rows.dense[0, :3]).all()
    assert len(np.unique(rows.ids[:, 2])) > 10 and len(np.unique(rows.dense[:, 3])) == len(rows) == 1000


def test_operations_of_a_step_by_hand(tiny):
    """F = 38, of which 32 are embedded; first layers 2 x 16 and gates 3 x 2 wide; then 2 x 16 x 8, mixtures, towers."""
    inner = 2 * 16 * 8 + 3 * 2 * 8 + 3 * (8 * 4 + 4)
    assert workloads.step_flop(tiny, "bias") == 2 * 64 * ((38 + 38 + 32) * 38 + 3 * inner)
    assert workloads.step_flop(tiny, "full") == 2 * 64 * ((38 + 38 + 32) * 44 + 3 * inner)
    assert workloads.step_flop(workloads.WORKLOADS["base"], "bias") / 1e9 == pytest.approx(33.2, abs=0.05)


def test_a_process_answers_and_a_failure_is_told(tmp_path):
    small = workloads.WORKLOADS["small"]
    workloads.write(tmp_path, replace(small, rows=1024), "bias", [("train", 0), ("bulk", 0)])
    process = Process(MINIRANK)
    try:
        process.ask("prepare", folder=str(tmp_path), threads=2, variant="")
        logits = np.array(process.ask("logits", batch=0))
        first, second = process.ask("steps", batches=[0, 0])
        assert workloads.loss(workloads.batch_of(small, "train", 0), logits) == pytest.approx(first[1], rel=1e-4)
        assert second[1] < first[1] and first[0] > 0
        held = np.ones(2**27)  # 1 GiB here is not held there
        later = Process(MINIRANK)
        assert 30 < later.ask("peak") < 700 and held[-1] == 1
        later.close()
        with pytest.raises(PeerError, match="IndexError"):
            process.ask("loss", batch=9)
    finally:
        process.close()
    gone = Process(Competitor(OURS, "no_such_file", checkout=tmp_path))
    with pytest.raises(PeerError, match="ended with status 2.*no_such_file"):
        gone.ask("peak")
    gone.close()


def test_another_build_takes_part_without_the_peers(tmp_path):
    """Its own worker in its own folder, before and after the worker moved; PYTHONPATH names its checkout first."""
    said = "import json, os\nprint(json.dumps({'answer': os.environ['PYTHONPATH']}))"
    for folder in ("bench/peers", "bench/speed/peers"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "minirank_cpu.py").write_text(said, encoding="utf-8")
        ours, before = chosen(TRAINING, Namespace(peers=None, only=[""], build=[f"before={tmp_path}"]))
        assert (ours, before.name, before.program.parent) == (MINIRANK, "minirank before", tmp_path / folder)
        process = Process(before)
        assert process.ask("peak") == str(tmp_path)
        process.close()
    names = [one.name for one in chosen(TRAINING, Namespace(peers=tmp_path, only=["JAX"], build=[]), every_variant=False)]
    assert names == ["minirank", "JAX jit: loop, lazy"]


def test_whoever_differs_is_refused():
    assert far("logits", [1.0, 2.0], np.array([1.0, 2.0001]), 1e-4) == pytest.approx(5e-5, rel=1e-3)
    with pytest.raises(PeerError, match="logits differ by 5.0e-02"):
        far("logits", [1.0, 2.1], np.array([1.0, 2.0]), 1e-4)
    with pytest.raises(PeerError, match="nan"):
        far("logits", [np.nan, 2.0], np.array([1.0, 2.0]), 1e-4)


def test_ratios_by_hand():
    assert ratio([2.0, 4.0], [1.0, 2.0]) == "2.00"
    assert ratio([2.0, 4.0, 9.0], [1.0, 2.0, 3.0]) == "2.00 (2.00 to 3.00)"
    ours = {"family": "minirank", "variant": "", "seconds": [0.1, 0.1, 0.1], "peak_mb": 100.0}
    slow = {"family": "P", "variant": "a", "seconds": [0.4, 0.4], "peak_mb": 300.0}
    fast = {"family": "P", "variant": "b", "seconds": [0.2, 0.3, 0.3], "peak_mb": 200.0}
    broken = {"family": "Q", "variant": "", "problem": "logits differ"}
    work = {"kind": "train", "workload": "base", "gate": "bias", "threads": 2, "gflop": 10.0, "peak_gflops": 250.0}
    cell = work | {"competitors": {"minirank": ours, "P: a": slow, "P: b": fast, "Q": broken}}
    text = tables(json.loads(json.dumps({"cells": {"one": cell}, "machine": "M"})))
    assert "| base, bias, 2 | 100 | 100 | 40 % | 3.00 (2.00 to 3.00)<br>b | logits differ |" in text
    assert "| P: a | 400 | 4.00 | 300 | 3.00 |" in text


def test_several_requests_at_a_time_by_hand():
    """Two rounds: medians 2 and 4 ms against 4 and 8; all 4 requests of a round in 4 ms against 8."""
    ours = summary([{"each": [0.001, 0.002, 0.002, 0.009], "all": 0.004}, {"each": [0.004] * 4, "all": 0.004}])
    theirs = summary([{"each": [0.004] * 4, "all": 0.008}, {"each": [0.008] * 4, "all": 0.008}])
    assert ours["medians"] == [0.002, 0.004] and ours["intervals"] == [0.001, 0.001] and ours["p50"] == 0.004 and ours["n"] == 8
    records = {
        name: {"family": name, "variant": "", "requests": {"every row, 4 at a time": requests}, "bulk": [1.0]}
        for name, requests in (("minirank", ours), ("P", theirs))
    }
    cell = {"kind": "score", "workload": "base", "gate": "bias", "threads": 2, "candidates": 1000, "rows": 5000, "competitors": records}
    text = tables(json.loads(json.dumps({"cells": {"one": cell}, "machine": "M"})))
    assert "| base, 2 | every row, 4 at a time | 4 (8.65)<br>1,000/s | 6 (8)<br>500/s<br>**2.00**<br>2.00 requests/s |" in text
