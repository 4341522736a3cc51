"""What a report shows is what the run and the commands say."""

from dataclasses import fields, is_dataclass, replace

import numpy as np
import pytest

from minirank.errors import DataError
from minirank.extract import Features
from minirank.ranking import Ranker
from minirank.report.collect import collect
from minirank.report.contents import Contents
from minirank.report.source import open_source
from minirank.run.folder import read_metrics
from minirank.run.load_data import load_dataset
from minirank.run.scoring import evaluate_run


@pytest.fixture(scope="module")
def dataset(run):
    return load_dataset(run.config, run.encoder)


def leaves(value):
    """Everything in contents that holds nothing else."""
    if is_dataclass(value):
        value = [getattr(value, field.name) for field in fields(value)]
    elif isinstance(value, dict):
        value = [*value, *value.values()]
    if isinstance(value, list | tuple):
        return [leaf for item in value for leaf in leaves(item)]
    return [value]


def test_it_holds_plain_numbers_and_texts(contents):
    found = leaves(contents)
    assert isinstance(contents, Contents) and len(found) > 1000
    assert {type(leaf) for leaf in found} <= {str, int, float, bool, type(None)}
    assert all(np.isfinite(leaf) for leaf in found if isinstance(leaf, float))


def test_what_was_trained_on_what(contents, dataset):
    overview = contents.overview
    assert (overview.kind, overview.tasks, overview.left_out) == ("recruiting", ("ctr", "cvr", "relevance"), {})
    assert overview.state == "Finished: the parameters of epoch 2 of 2 are kept."
    for part in overview.parts:
        rows = getattr(dataset, part.name)
        labels = dataset.rows.labels[rows, 0]
        assert (part.rows, part.searches, part.jobs) == (len(rows), len(set(dataset.search[rows])), len(set(dataset.job[rows])))
        assert part.labelled["ctr"] == np.isfinite(labels).sum() and part.positive["ctr"] == pytest.approx(np.nanmean(labels, dtype=float))
    train, valid, test = overview.parts
    assert train.first < train.last < valid.first < valid.last < test.first < test.last
    assert contents.unreadable == () and {fact.name for fact in overview.facts} >= {"data", "fingerprint", "parameters", "versions"}


def test_learning_curves_are_those_of_the_run(contents):
    curves = contents.curves
    assert (curves.epochs, curves.best_epoch, curves.watched) == ((1, 2), 2, "mean.log_loss")
    found = {task.task: task for task in curves.tasks}
    assert list(found)[-1] == "mean" and [curve.title for curve in found["ctr"].losses] == [
        "training, cross-entropy",
        "validation, log loss",
    ]
    assert found["ctr"].losses[0].values[1] < found["ctr"].losses[0].values[0]
    assert [curve.title for curve in found["ctr"].metrics] == ["AUC", "GAUC", "NDCG@10"] and all(seconds > 0 for seconds in curves.seconds)


def test_figures_are_those_of_evaluate(contents, run, dataset):
    results = evaluate_run(run, dataset=dataset)
    quality = contents.quality
    assert (quality.part, quality.rows, quality.ceilings) == ("test", len(dataset.test), True) and "200 times" in quality.interval
    for task in quality.tasks:
        facts = results["overall"]["tasks"][task.task]
        assert [metric.name for metric in task.metrics] == list(facts["metrics"])
        for metric in task.metrics:
            entry = facts["metrics"][metric.name]
            assert (metric.overall.value, metric.overall.low, metric.overall.reachable) == (
                entry["value"],
                entry["low"],
                entry["reachable"],
            )
            for role, of_role in metric.roles.items():
                assert of_role.value == results["roles"][role]["tasks"][task.task]["metrics"][metric.name]["value"]
    for task in contents.calibration.tasks:
        assert task.ece == results["overall"]["tasks"][task.task]["calibration"]["ece"]
        assert sum(each.rows for each in task.bins) == results["overall"]["tasks"][task.task]["rows"]


def test_gates_are_means_over_the_rows_of_a_role(contents, run, dataset):
    inputs = dataset.rows.take(dataset.test)
    weights = run.executor.outputs(run.values, inputs, ("gates",))["gates"].reshape(len(inputs), 3, 3)
    for number, matrix in enumerate(contents.gates.matrices):
        of_task = weights[:, number]
        assert matrix.overall == pytest.approx(of_task.mean(axis=0), rel=1e-5)
        assert matrix.top == pytest.approx(of_task.max(axis=1).mean(), rel=1e-5) and sum(matrix.first) == pytest.approx(1)
        for role, rows, row in zip(matrix.roles, matrix.rows, matrix.weights):
            members = dataset.role[dataset.test] == dataset.role_names.index(role)
            assert rows == members.sum() and row == pytest.approx(of_task[members].mean(axis=0), rel=1e-5)
    for place, use in enumerate(contents.gates.experts):
        assert use.load == pytest.approx(weights[:, :, place].mean(), rel=1e-5) and use.even == pytest.approx(1 / 3)


def test_the_course_of_the_gates_is_that_of_the_metrics(contents, run):
    lines, course = read_metrics(run.folder), contents.gates.course
    assert course.epochs == tuple(line["epoch"] for line in lines)
    for place, line in enumerate(lines):
        of = line["gates"]["of"]
        assert [values[place] for values in course.entropy.values()] == [of[task]["entropy"] for task in course.entropy]
        for expert, values in course.load.items():
            assert values[place] == pytest.approx(np.mean([of[task]["load"][expert] for task in of]))
    assert course.warnings == tuple(dict.fromkeys(text for line in lines for text in line["gates"]["warnings"]))


def test_the_job_is_ranked_as_the_command_ranks_it(contents, run):
    shown, ranker = contents.ranking, Ranker.load(run)
    assert shown.job_id == ranker.folder.jobs[ranker.folder.impressions.job[-1]]["job_id"] and len(shown.rankings) == 4
    for ranking in shown.rankings:
        expected = ranker.rank(shown.job_id, role=ranking.role, top=10)
        assert [place.resume_id for place in ranking.places] == [candidate.resume_id for candidate in expected.candidates]
        for place, candidate in zip(ranking.places, expected.candidates):
            assert (place.score, place.probabilities, place.gates) == (candidate.score, candidate.probabilities, candidate.gates)
            assert place.rank == place.ranks[ranking.role] and place.summary.startswith(f"Rank {place.rank}: pCTR ")
    a, b = (ranking.role for ranking in shown.rankings[:2])
    both = ranker.compare(shown.job_id, a, b, top=10)
    assert (shown.overlap[a, b], shown.kendall[a, b]) == (both.overlap, both.kendall_tau)
    ranks = {move.resume_id: (move.rank_a, move.rank_b) for move in both.moves}
    assert all((place.ranks[a], place.ranks[b]) == ranks[place.resume_id] for place in shown.rankings[0].places)


@pytest.mark.parametrize("level", ["team", "title"])
def test_a_part_of_the_folder_gives_the_scores_of_the_whole(run, level):
    """A job's history is of its team, or where the team hired too few, of its title: those are among the hires that are read."""
    source = open_source(run)
    if level == "title":  # a job that nobody hired for before, of a team of its own
        jobs = source.folder.jobs
        source = replace(source, folder=replace(source.folder, jobs=[job | {"team_id": job["job_id"]} for job in jobs]))
    whole = Ranker(run, source.folder, Features(source.job_features, source.resume_features(range(len(source.resumes)))))
    found = (whole.rank(job["job_id"], role="hr", top=5, now=source.now) for job in source.folder.jobs)
    ranked = next(each for each in found if (each.candidates[0].evidence["past_hires"] or {}).get("level") == level)
    few = [candidate.resume_id for candidate in ranked.candidates]
    folder, features = source.part_for(ranked.job_id, few)
    assert len(folder.resumes) < len(source.folder.resumes) and len(folder.hires.job) < len(source.folder.hires.job)
    assert Ranker(run, folder, features).rank(ranked.job_id, few, "hr", now=source.now).candidates == ranked.candidates


def test_another_job_can_be_asked_for(market, contents):
    other = next(name for name in ("j000001", "j000002") if name != contents.ranking.job_id)
    assert collect(market[1], job=other).ranking.job_id == other
    with pytest.raises(DataError, match="no job 'nobody' in .*; take an id of that file, such as j"):
        collect(market[1], job="nobody")


def test_of_many_candidates_those_who_were_shown_are_compared(market, monkeypatch):
    """Scores do not depend on who else is ranked."""
    monkeypatch.setattr("minirank.report.collect.EVERYONE", 41)
    monkeypatch.setattr("minirank.report.collect.SOME", 40)
    few = collect(market[1]).ranking
    assert few.scored == 40 and "Compared are 40 of " in few.chosen
    monkeypatch.undo()
    everyone = collect(market[1]).ranking
    scores = {place.resume_id: place.score for place in everyone.rankings[0].places}
    both = [place for place in few.rankings[0].places if place.resume_id in scores]
    assert both and all(place.score == pytest.approx(scores[place.resume_id], rel=1e-5) for place in both)


def test_what_was_read(contents, market):
    jobs, resumes = contents.extraction.texts
    assert (jobs.kind, resumes.kind) == ("jobs", "resumes") and contents.extraction.made == "Read by rules, without a language model."
    lines = (market[0] / "resume_features.jsonl").read_text().splitlines()
    assert resumes.texts == len(lines)
    found = {field.field: field for field in resumes.fields}
    assert found["salary"].share == pytest.approx(sum('"salary": {' in line for line in lines) / len(lines))
    assert sum(found["skills"].sources.values()) == pytest.approx(1) and "schools" not in found and "gap" not in found
    assert resumes.masked["NAME"] == sum(line.count('"kind": "NAME"') for line in lines) and resumes.languages["English"] > 0
    assert 0.5 < resumes.known_words["test"] <= 1 and len(contents.extraction.columns) > 50
