"""Every rule speaks above its threshold and is silent below it, and the page can say which threshold that was."""

from dataclasses import replace

import pytest

from minirank.report import signs
from minirank.report.cautions import RULES, cautions_of
from minirank.report.contents import Missing
from minirank.report.gates import DEAD, IDLE, use_of
from minirank.report.quality import CALIBRATED, LEAST_ROWS, verdict, worst_role


def of_task(section, task, **changes):
    """A section whose task is another in some fields."""
    return replace(section, tasks=tuple(replace(each, **changes) if each.task == task else each for each in section.tasks))


def with_entries(contents, task, name, change):
    """Contents in which `change` was made to the entries of a metric: of all rows, and of each role under its name."""

    def changed(metric):
        if metric.name != name:
            return metric
        roles = {role: replace(entry, **change(role)) for role, entry in metric.roles.items()}
        return replace(metric, overall=replace(metric.overall, **change(None)), roles=roles)

    found = next(each for each in contents.quality.tasks if each.task == task)
    quality = of_task(contents.quality, task, metrics=tuple(map(changed, found.metrics)))
    worst, rule = worst_role(quality.tasks)
    return replace(contents, quality=replace(quality, worst_role=worst, worst_rule=rule))


def auc(contents, **change):
    return with_entries(contents, "ctr", "auc", lambda role: change if role is None else {})


def with_gate(contents, **changes):
    first, *others = contents.gates.matrices
    matrices = (replace(first, **changes), *others)
    uses = tuple(use_of(use.expert, list(matrices)) for use in contents.gates.experts)
    return replace(contents, gates=replace(contents.gates, matrices=matrices, experts=uses))


def with_weight(contents, share):
    """The last expert has a share of its even weight, for every task and role."""
    weight = share / 3
    rest = (1 - weight) / 2
    matrices = tuple(
        replace(matrix, weights=tuple((rest, rest, weight) for _ in matrix.roles), overall=(rest, rest, weight))
        for matrix in contents.gates.matrices
    )
    uses = tuple(use_of(use.expert, list(matrices)) for use in contents.gates.experts)
    return replace(contents, gates=replace(contents.gates, matrices=matrices, experts=uses))


def with_ratio(contents, value, low, high):
    found = next(task for task in contents.calibration.tasks if task.task == "cvr")
    ratio = replace(found.ratio, value=value, low=low, high=high)
    return replace(contents, calibration=of_task(contents.calibration, "cvr", ratio=ratio, verdict=verdict(ratio)))


def with_epochs(contents, epochs, best):
    return replace(contents, curves=replace(contents.curves, epochs=tuple(range(1, epochs + 1)), best_epoch=best))


def with_texts(contents, **changes):
    return replace(
        contents, extraction=replace(contents.extraction, texts=tuple(replace(each, **changes) for each in contents.extraction.texts))
    )


def with_roles(contents, apart):
    """The worst role's interval ends below the best one's, or does not."""
    roles = list(contents.quality.roles)
    ends = {roles[0]: (0.55, 0.5, 0.6), roles[1]: (0.7, 0.61 if apart else 0.59, 0.8)}

    def change(role):
        value, low, high = ends.get(role, (0.65, 0.5, 0.8))
        return {"rows": 1000, "value": value, "low": low, "high": high, "share": None}

    return with_entries(contents, "ctr", "gauc", change)


def small(contents, rows):
    return with_entries(contents, "ctr", "auc", lambda role: {"rows": rows} if role == contents.quality.roles[0] else {"rows": 5000})


def overview(contents, **changes):
    return replace(contents, overview=replace(contents.overview, **changes))


# rule: contents in which it speaks, contents in which it does not
CASES = {
    "not finished": (lambda c: overview(c, state="Stopped before training was finished."), lambda c: c),
    "task left out": (lambda c: overview(c, left_out={"cvr": "no training row has a label"}), lambda c: c),
    "too good to be true": (lambda c: auc(c, value=signs.TOO_GOOD), lambda c: auc(c, value=signs.TOO_GOOD - 0.001)),
    "no better than guessing": (lambda c: auc(c, value=0.6, low=0.5), lambda c: auc(c, value=0.6, low=0.501)),
    "far from the reachable": (lambda c: auc(c, share=signs.FAR - 0.01), lambda c: auc(c, share=signs.FAR)),
    "few labels": (
        lambda c: auc(c, rows=5000, positives=signs.FEW_POSITIVES - 1),
        lambda c: auc(c, rows=5000, positives=signs.FEW_POSITIVES),
    ),
    "role with few rows": (lambda c: small(c, LEAST_ROWS - 1), lambda c: small(c, LEAST_ROWS)),
    "role served worse": (lambda c: with_roles(c, apart=True), lambda c: with_roles(c, apart=False)),
    "not calibrated": (lambda c: with_ratio(c, 1 - CALIBRATED - 0.01, 0.8, 0.99), lambda c: with_ratio(c, 1 - CALIBRATED - 0.01, 0.8, 1.0)),
    "collapsed gate": (
        lambda c: with_gate(c, top=signs.COLLAPSED, first=(signs.COLLAPSED, 0.05, 0.0)),
        lambda c: with_gate(c, top=signs.COLLAPSED - 0.01, first=(signs.COLLAPSED, 0.05, 0.0)),
    ),
    "flat gate": (lambda c: with_gate(c, spread=signs.FLAT - 0.001), lambda c: with_gate(c, spread=signs.FLAT)),
    "dead expert": (lambda c: with_weight(c, DEAD - 0.001), lambda c: with_weight(c, DEAD)),
    "idle expert": (lambda c: with_weight(c, IDLE - 0.001), lambda c: with_weight(c, IDLE)),
    "roles alike": (
        lambda c: replace(c, gates=replace(c.gates, role_matters={"ctr": signs.ALIKE - 0.001, "cvr": 0.0})),
        lambda c: replace(c, gates=replace(c.gates, role_matters={"ctr": signs.ALIKE, "cvr": 0.0})),
    ),
    "overfitting": (lambda c: with_epochs(c, 4, 2), lambda c: with_epochs(c, 4, 3)),
    "still improving": (lambda c: with_epochs(c, 3, 3), lambda c: with_epochs(c, 3, 2)),
    "unknown words": (
        lambda c: with_texts(c, known_words={"test": signs.KNOWN_WORDS - 0.01}),
        lambda c: with_texts(c, known_words={"test": signs.KNOWN_WORDS}),
    ),
    "unread texts": (lambda c: with_texts(c, unread=signs.UNREAD + 0.01), lambda c: with_texts(c, unread=signs.UNREAD)),
    "foreign language": (
        lambda c: with_texts(c, sampled=100, languages={"English": 80, "German": 8, "Dutch": 3, "not told": 9}),
        lambda c: with_texts(c, sampled=100, languages={"English": 80, "German": 8, "Dutch": 2, "not told": 10}),
    ),
    "texts that speak to machines": (lambda c: with_texts(c, flagged=0.001), lambda c: with_texts(c, flagged=0.0)),
    "inputs that lost much": (
        lambda c: replace(c, extraction=replace(c.extraction, remarks=("feature years: none of its values is kept",))),
        lambda c: replace(c, extraction=replace(c.extraction, remarks=())),
    ),
}


def test_every_rule_has_its_cases():
    assert set(CASES) == set(RULES)


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_speaks_above_its_threshold_and_is_silent_below(contents, rule):
    above, below = CASES[rule]

    def said(of):
        return {caution.text for caution in cautions_of(of) if caution.rule == rule}

    assert said(above(contents)) - said(below(contents)) and not said(below(contents)) - said(above(contents))
    for caution in cautions_of(above(contents)):
        assert (
            caution.text.endswith(".") and caution.remedy.endswith(".") and caution.threshold and "\n" not in caution.text + caution.remedy
        )
        assert (caution.severity, caution.section) == (RULES[caution.rule].severity, RULES[caution.rule].section)


def test_labels_that_are_no_classes_are_counted(contents):
    """Of a graded task, as of one with few of the rarer class."""

    def said(rows):
        of = with_entries(contents, "relevance", "concordance", lambda role: {"rows": rows} if role is None else {})
        return [caution.text for caution in cautions_of(of) if caution.rule == "few labels" and "relevance" in caution.text]

    assert said(signs.FEW_POSITIVES - 1) == ["The task relevance is measured on 99 rows."] and said(signs.FEW_POSITIVES) == []


def test_serious_ones_come_first(contents):
    found = [caution.severity for caution in cautions_of(CASES["dead expert"][0](CASES["overfitting"][0](contents)))]
    assert {"serious", "minor"} == set(found) and found == sorted(found, reverse=True)


def test_sections_that_are_missing_are_not_judged(contents):
    none = Missing("There is no model.")
    bare = replace(contents, curves=none, quality=none, calibration=none, gates=none, ranking=none, extraction=none)
    assert cautions_of(bare) == ()


@pytest.mark.parametrize(
    "value, low, high, said",
    [
        (1.05, 1.01, 1.09, "Calibrated: what is observed is 1.05 of what is predicted."),
        (0.5, 0.4, 0.6, "Not calibrated: predictions are too high, what is observed is 0.50 of what is predicted."),
        (1.5, 1.4, 1.6, "Not calibrated: predictions are too low, what is observed is 1.50 of what is predicted."),
        (
            0.8,
            0.5,
            1.1,
            "Not known: predictions are too high, what is observed is 0.80 of what is predicted, but the interval, 0.50 to 1.10, ",
        ),
        (None, None, None, "Not known: no row was clicked."),
    ],
)
def test_whether_probabilities_come_true_in_words(contents, value, low, high, said):
    entry = replace(contents.calibration.tasks[0].ratio, value=value, low=low, high=high, reason="not defined: no row was clicked")
    assert verdict(entry).startswith(said)


def test_the_role_that_is_served_worst(contents):
    """The share of what is reachable decides where it is known, for a role may be harder than others; a role with few rows is left out."""
    roles = contents.quality.roles

    def found(*entries):
        values = dict(zip(roles, entries))

        def change(role):
            rows, value, share = values.get(role, (1000, 0.9, 0.9))
            return {"rows": rows, "value": value, "low": value - 0.01, "high": value + 0.01, "share": share}

        return worst_role(with_entries(contents, "ctr", "gauc", change).quality.tasks)

    assert found((1000, 0.6, 0.5), (1000, 0.55, 0.8))[0] == roles[0]
    assert found((1000, 0.6, None), (1000, 0.55, 0.8))[0] == roles[1]
    worst, why = found((LEAST_ROWS - 1, 0.5, 0.1), (1000, 0.6, 0.5))
    assert worst == roles[1] and f"Too few rows to say: {roles[0]}." in why and "50 % against 90 %" in why
    assert found((1000, 0.6, 0.5), *[(10, 0.5, 0.1)] * (len(roles) - 1))[1].endswith("300 rows or more of one role alone.")
    worst, why = found(*[(10, 0.5, 0.1)] * len(roles))
    assert worst is None and why.endswith("300 rows or more of no role.")
