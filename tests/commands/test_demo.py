"""The demonstration: what it writes, and that its sentences follow from the figures."""

import io
import json

import pytest

from bench.demo_text import shown
from bench.tables import CHECKOUT
from minirank.cli import main
from minirank.demo import FIGURES, MARKER, MODELS, QUESTIONS, WIDTH, format_differences, run_demo, verdict
from minirank.demo_method import WORTH, recorded_reading, worth
from minirank.errors import RunError
from minirank.locking import working_in
from minirank.progress import Progress
from minirank.ranking import Ranker
from minirank.run.load_run import load_run
from minirank.run.scoring import evaluate_run


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """(folder, report, steps) of a demonstration in miniature."""
    out, steps = tmp_path_factory.mktemp("demo") / "out", io.StringIO()
    return out, run_demo(out, 1, impressions=4000, epochs=1, progress=Progress(steps)), steps.getvalue()


def test_it_writes_data_runs_and_report(demo):
    out, report, steps = demo
    assert (out / "demo.txt").read_text(encoding="utf-8") == report + "\n"
    assert sorted(path.name for path in out.iterdir()) == [MARKER, "data", "demo.txt", "report.html", "results.json", "runs"]
    assert len(list((out / "runs").iterdir())) == len(MODELS)
    assert steps.count("trained ") == len(MODELS) and steps.count("encoded ") == 1
    assert all(float(line.split()[0]) >= 0 and line.split()[1] == "s" for line in steps.splitlines())
    for name in MODELS:
        assert report.count(name) >= 1
    assert "ceiling: all that is observable" in report and "parameters" in report
    page = (out / "report.html").read_text(encoding="utf-8")
    assert f"report     {(out / 'report.html').resolve().as_uri()}" in report.splitlines() and "mmoe-role-in-x-and-gates" in page
    facts = json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert facts["ranking"]["a"]["candidates"][0]["resume_id"] in page and facts["ranking"]["a"]["title"] in page


def test_the_runs_are_those_of_the_commands(demo):
    """`evaluate` reads and encodes the folder itself, and gets the figures of the report."""
    out, _, _ = demo
    facts = json.loads((out / "results.json").read_text(encoding="utf-8"))
    run = load_run(out / "runs" / "mmoe-role-in-x-and-gates")
    again = evaluate_run(run, bootstrap=0)["overall"]["tasks"]["ctr"]["metrics"]["auc"]["value"]
    assert again == facts["models"]["MMoE, role in x and gates"]["overall"]["tasks"]["ctr"]["metrics"]["auc"]["value"]
    ranking = facts["ranking"]
    found = Ranker.load(run).compare(ranking["a"]["job_id"], ranking["a"]["role"], ranking["b"]["role"], top=3)
    assert json.loads(json.dumps(found.to_json())) == ranking


def test_differences_are_those_of_the_table(demo):
    facts = json.loads((demo[0] / "results.json").read_text(encoding="utf-8"))
    for asked, without, having in QUESTIONS:
        for _, task, metric in FIGURES:
            a, b = (facts["models"][name]["overall"]["tasks"][task]["metrics"][metric]["value"] for name in (without, having))
            assert facts["differences"][asked][task][metric]["difference"] == pytest.approx(b - a, abs=1e-12)


def test_what_was_measured_before_stands_beside_it_with_its_source(demo):
    report, record = demo[1], json.loads(WORTH.read_text(encoding="utf-8"))
    assert worth(WIDTH) in report and recorded_reading(WIDTH) in report
    for part, of in record["gains"].items():
        row = next(line for line in worth(WIDTH).splitlines() if line.startswith(f"{part}  "))
        assert "{:+.4f} ({:+.4f} to {:+.4f})".format(*of["CTR AUC"]) in row
    assert "bench/ranking/RESULTS.md#what-each-part-is-worth" in report and len(worth(WIDTH).splitlines()) < 14


def test_what_a_recorded_model_reads_is_counted():
    """Six skills stand in the first ad, of which the rules know two by name: financial reporting and treasury."""
    rows = [line.split() for line in recorded_reading(WIDTH).splitlines() if line.startswith(("Second Pair", "Friend of"))]
    assert [row[-5] for row in rows] == ["6", "6"]
    for *_, asked_for, by_rules, with_model, marked, wrong in rows:
        assert 2 <= int(by_rules) < int(with_model) <= int(asked_for) and 0 < int(wrong) < int(marked)


def test_readme_shows_what_the_demonstration_prints(demo):
    """`python bench/demo_text.py minirank-demo/demo.txt` writes it; its figures are those of the whole market."""
    page = (CHECKOUT / "README.md").read_text(encoding="utf-8")
    block = page.partition("<!-- demo:begin -->\n```text\n")[2].partition("\n```\n<!-- demo:end -->")[0]
    for text in (worth(WIDTH), recorded_reading(WIDTH)):
        assert text in block
    miniature = shown(demo[1])
    assert [line.split()[0] for line in block.splitlines() if line[:4] in ("MMoE", "Shar", "ceil", "[...", "rank")] == [
        line.split()[0] for line in miniature.splitlines() if line[:4] in ("MMoE", "Shar", "ceil", "[...", "rank")
    ]


def entry(difference, low, high):
    return {"difference": difference, "low": low, "high": high}


def test_a_sentence_says_what_the_intervals_say():
    found = {task: {} for _, task, _ in FIGURES}
    entries = [entry(0.02, 0.01, 0.03), entry(-0.02, -0.03, -0.01), entry(0.02, -0.01, 0.05), entry(None, None, None), entry(0.0, 0.0, 0.0)]
    for (_, task, metric), values in zip(FIGURES, entries):
        found[task][metric] = values
    assert verdict("the role", found) == (
        "The role: better in CTR AUC (+0.0200, +0.0100 to +0.0300); worse in CVR AUC (-0.0200, -0.0300 to -0.0100); "
        "no clear difference in CTCVR AUC, NDCG@10, relevance concordance."
    )
    row = format_differences({"the role": found}).splitlines()[2]
    assert row.split() == ["the", "role", "+0.0200*", "-0.0200*", "+0.0200", "-", "+0.0000"]


def test_it_overwrites_only_what_it_made(demo, tmp_path, capsys):
    out, report, _ = demo
    (out / "mine.txt").write_text("kept", encoding="utf-8")
    for name in ("data/llm.sqlite", "runs/mine/model.npz", "runs/sharedbottom-role-in-x/predictions.csv"):
        path = out / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("precious", encoding="utf-8")
        held = "runs/mine" if "mine" in name else name
        with pytest.raises(RunError, match=f"holds {held}, which minirank demo did not make; move it, or choose another folder with --out"):
            run_demo(out)
        path.unlink()
        if "mine" in name:
            path.parent.rmdir()
    signals = out / "data" / "hiring_signals.jsonl"
    written = signals.read_bytes()
    signals.write_bytes(written + b"\n")
    with pytest.raises(RunError, match="holds data/hiring_signals.jsonl, which minirank demo did not make"):
        run_demo(out)
    signals.write_bytes(written)
    with working_in(out / "runs" / "mmoe-role-in-x", "minirank train"), pytest.raises(RunError, match="mmoe-role-in-x: in use by process"):
        run_demo(out)
    with working_in(out, "minirank demo"), pytest.raises(RunError, match="out: in use by process .* .minirank demo., since"):
        run_demo(out)
    (out / "data" / ".jobs.jsonl.part").write_text("left by a kill", encoding="utf-8")
    try:
        assert run_demo(out, 1, impressions=4000, epochs=1) == report
        assert (out / "mine.txt").exists() and not (out / "data" / ".jobs.jsonl.part").exists()
    finally:
        (out / "mine.txt").unlink()
    (tmp_path / "thesis.tex").write_text("precious", encoding="utf-8")
    with pytest.raises(RunError, match="holds thesis.tex and was not made by minirank demo; choose another folder with --out"):
        run_demo(tmp_path)
    assert main(["demo", "--out", str(tmp_path)]) == 2
    assert capsys.readouterr().err.count("thesis.tex") == 1 and (tmp_path / "thesis.tex").exists()
